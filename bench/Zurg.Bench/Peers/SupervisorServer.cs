using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Zurg.Bench;

/// <summary>
/// Debian's supervisord on loopback. A program is added as <c>supervisorctl update</c> does it: its section is written, the
/// configuration reloaded, the group added, all over XML-RPC and without the time that a command line takes to start.
/// </summary>
internal sealed class SupervisorServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly HttpClient _http;
    private readonly string _directory;
    private int _count;

    private SupervisorServer(Process process, HttpClient http, string directory) =>
        (_process, _http, _directory) = (process, http, directory);

    /// <returns>supervisord, and where Python finds its modules.</returns>
    public static async Task<(string Program, string Modules)> InstallAsync(CancellationToken stop)
    {
        const string modules = "usr/lib/python3/dist-packages";
        var supervisor = await DebianPackage.EnsureAsync("supervisor", "usr/bin/supervisord", stop);
        var resources = await DebianPackage.EnsureAsync("python3-pkg-resources", modules + "/pkg_resources/__init__.py", stop);
        string[] roots =
        [
            supervisor[..^"usr/bin/supervisord".Length],
            resources[..resources.IndexOf(modules, StringComparison.Ordinal)],
        ];
        return (supervisor, string.Join(':', roots.Select(r => Path.Combine(r, modules))));
    }

    public static async Task<SupervisorServer> StartAsync(
        (string Program, string Modules) peer, string directory, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.Combine(directory, "conf.d"));
        var serve = Path.Combine(directory, "serve");
        await File.WriteAllTextAsync(serve, OneHostCluster.Program, stop);
        File.SetUnixFileMode(serve, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var port = LoopbackPort.Free();
        var conf = Path.Combine(directory, "supervisord.conf");
        await File.WriteAllTextAsync(
            conf,
            $"""
             [supervisord]
             nodaemon=true
             logfile={directory}/supervisord.log
             pidfile={directory}/supervisord.pid
             childlogdir={directory}
             [inet_http_server]
             port=127.0.0.1:{port}
             [rpcinterface:supervisor]
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
             [include]
             files={directory}/conf.d/*.conf

             """,
            stop);
        var start = new ProcessStartInfo("/usr/bin/python3", [peer.Program, "-c", conf, "-s", "-u", Environment.UserName])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = peer.Modules;
        var process = Process.Start(start) ?? throw new PeerException("supervisord did not start");
        var server = new SupervisorServer(
            process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") }, directory);
        await server.WaitUntilUpAsync(stop);
        return server;
    }

    /// <summary>Adds one more program and returns the port that it listens on.</summary>
    public async Task<int> AddAsync(CancellationToken stop)
    {
        var (name, port) = (string.Create(CultureInfo.InvariantCulture, $"p{++_count}"), LoopbackPort.Free());
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "conf.d", name + ".conf"),
            $"[program:{name}]\ncommand={_directory}/serve\nenvironment=PORT_HTTP=\"{port}\"\nstartsecs=0\n",
            stop);
        await CallAsync("reloadConfig", argument: null, stop);
        await CallAsync("addProcessGroup", name, stop);
        return port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await CallAsync("shutdown", argument: null, CancellationToken.None);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _http.Dispose();
    }

    private async Task CallAsync(string method, string? argument, CancellationToken stop)
    {
        var parameter = argument is null ? "" : $"<param><value><string>{argument}</string></value></param>";
        var call = "<?xml version='1.0'?><methodCall>"
            + $"<methodName>supervisor.{method}</methodName><params>{parameter}</params></methodCall>";
        using var answer = await _http.PostAsync("/RPC2", new StringContent(call, Encoding.UTF8, "text/xml"), stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        if (!answer.IsSuccessStatusCode || text.Contains("<fault>", StringComparison.Ordinal))
        {
            throw new PeerException($"supervisord refused {method}: {text}");
        }
    }

    private async Task WaitUntilUpAsync(CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < StartTime && !_process.HasExited)
        {
            try
            {
                await CallAsync("getState", argument: null, stop);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), stop);
            }
        }

        throw new PeerException(
            $"supervisord was not up within {StartTime.TotalSeconds:0} s: {await _process.StandardError.ReadToEndAsync(stop)}");
    }
}
