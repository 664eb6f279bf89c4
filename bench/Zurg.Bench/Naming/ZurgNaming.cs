using System.Diagnostics;
using System.Globalization;
using System.Text;
using Zurg.Cli.Client;

namespace Zurg.Bench;

/// <summary>
/// <c>zurg master</c> in a process of its own, with its store on disk. A change is a report of the one host's agent, which is
/// this benchmark: a fact, committed before anybody hears of it. Watchers read the master's streams of endpoints: like etcd's
/// watches they are told and do not answer, where an agent's session also reports each second and confirms.
/// </summary>
internal sealed class ZurgNaming : INamingServer
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly int _port;
    private readonly string _token;
    private MasterClient? _client;
    private ChangingHost? _host;

    private ZurgNaming(Process process, int port, string token) => (_process, _port, _token) = (process, port, token);

    public int Pid => _process.Id;

    public string[] Watched => ["zurg", _port.ToString(CultureInfo.InvariantCulture), $"{ChangingHost.Service}:{_token}"];

    public static async Task<ZurgNaming> StartAsync(string directory, CancellationToken stop)
    {
        Directory.CreateDirectory(directory);
        var port = LoopbackPort.Free();
        // The command line lies beside every build of the benchmarks.
        var start = OpenFiles.Raised(
            Path.Combine(AppContext.BaseDirectory, "zurg"),
            ["master", "--dir", directory, "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")],
            directory + ".log");
        var process = Process.Start(start) ?? throw new PeerException("zurg master did not start");
        var naming = new ZurgNaming(process, port, Path.Combine(directory, "token"));
        try
        {
            await naming.PlaceAsync(directory + ".log", stop);
            return naming;
        }
        catch
        {
            await naming.DisposeAsync();
            throw;
        }
    }

    public Task ChangeAsync(int port, CancellationToken stop) => _host!.ListenAtAsync(port, stop);

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task PlaceAsync(string log, CancellationToken stop)
    {
        var url = new Uri($"http://127.0.0.1:{_port}");
        using var http = new HttpClient { BaseAddress = url };
        var begun = Stopwatch.GetTimestamp();
        while (!await IsUpAsync(http, stop))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(begun) > StartTime)
            {
                throw new PeerException($"zurg master is not up: {File.ReadAllText(log, Encoding.UTF8).Trim()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), stop);
        }

        _client = new MasterClient(new ClusterAddress(url, _token, Directory: null), handler: null);
        await OneHostCluster.PushAsync(_client, Encoding.UTF8.GetBytes(OneHostCluster.Program), stop);
        _host = await ChangingHost.JoinAsync(_client, stop);
        await _client.ApplyAsync(
            "cluster: bench\nservices:\n"
            + $"  {ChangingHost.Service}: {{ release: bench@1, run: serve, ports: {{ http: dynamic }} }}\n",
            plan: false, "bench", seen: null, stop);
        await _host.PlacedAsync(stop);
    }

    private static async Task<bool> IsUpAsync(HttpClient http, CancellationToken stop)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/healthz", UriKind.Relative), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
