using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A directory with a running 'zurg dev' of two hosts, and a service in ten lines of python. Taken down by pid at the end.
/// </summary>
public sealed class DevFixture : IAsyncLifetime
{
    private static readonly TimeSpan UpWithin = TimeSpan.FromMinutes(5);
    private Process? _dev;
    private StringBuilder? _said;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("zurg-e2e-").FullName;

    public string Said
    {
        get
        {
            lock (_said!)
            {
                return _said.ToString();
            }
        }
    }

    public async Task InitializeAsync()
    {
        await StartAsync();
        Write("hello/hello.py", HelloPy, executable: true);
        Write("broken/broken.sh", "#!/bin/sh\necho about to fail\nexit 3\n", executable: true);
        await ZurgAsync("release", "push", "hello", "1.0.0", "hello");
        await ZurgAsync("release", "push", "broken", "1.0.0", "broken");
    }

    public async Task StartAsync()
    {
        _dev = ZurgProgram.Start(Directory, ["dev", "--hosts", "2"]);
        _said = ZurgProgram.Collect(_dev);
        await Until("the cluster is up", UpWithin, () => _dev.HasExited
            ? throw new InvalidOperationException(Said)
            : Task.FromResult(File.Exists(Path.Combine(Directory, ".zurg/cluster.json"))));
    }

    /// <summary>Ctrl-C, and waits for the end.</summary>
    public async Task<int> InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", _dev!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _dev.WaitForExitAsync(patience.Token);
        return _dev.ExitCode;
    }

    public async Task DisposeAsync()
    {
        if (_dev is { HasExited: false })
        {
            try
            {
                await InterruptAsync();
            }
            catch (OperationCanceledException)
            {
                _dev.Kill(entireProcessTree: true);
            }
        }

        _dev?.Dispose();
        foreach (var pid in Instances())
        {
            Process.GetProcessById(pid).Kill();
        }

        // Releases are read-only directories; root removes them as they are, others must be allowed to first.
        using var open = Process.Start("chmod", ["-R", "u+rwX", Directory]);
        await open.WaitForExitAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>The processes that this cluster's agents have started and that live: they work below its directory.</summary>
    public IReadOnlyList<int> Instances()
    {
        var found = new List<int>();
        foreach (var entry in System.IO.Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var pid)
                && WorkingDirectory(pid).StartsWith(Path.Combine(Directory, ".zurg/"), StringComparison.Ordinal))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    public void Write(string path, string text, bool executable = false)
    {
        var full = Path.Combine(Directory, path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        if (executable)
        {
            File.SetUnixFileMode(full, File.GetUnixFileMode(full) | UnixFileMode.UserExecute);
        }
    }

    internal Task<Ran> TryZurgAsync(params string[] arguments) => ZurgProgram.RunAsync(Directory, arguments);

    internal async Task<Ran> ZurgAsync(params string[] arguments)
    {
        var ran = await TryZurgAsync(arguments);
        Assert.True(ran.ExitCode == 0, $"zurg {string.Join(' ', arguments)}: {ran}\ndev: {Said}");
        return ran;
    }

    /// <summary>Applies services (YAML below 'services:') as the whole of what runs, and waits until it has converged.</summary>
    internal async Task ApplyAsync(string services, bool wait = true)
    {
        Write("cluster.yaml", "cluster: e2e\nservices:\n" + services);
        await ZurgAsync(
            wait ? ["apply", "--based-on", "newest", "--wait", "--timeout", "2m"] : ["apply", "--based-on", "newest"]);
    }

    public async Task<ClusterStatus> StatusAsync() =>
        JsonSerializer.Deserialize((await ZurgAsync("status", "--json")).Output, WireJson.Default.ClusterStatus)!;

    /// <summary>The master's API with the cluster's token.</summary>
    public HttpClient Api(bool token = true)
    {
        using var cluster = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Directory, ".zurg/cluster.json")));
        var http = new HttpClient { BaseAddress = new Uri(cluster.RootElement.GetProperty("master").GetString()!) };
        if (token)
        {
            var text = File.ReadAllText(cluster.RootElement.GetProperty("token_file").GetString()!).Trim();
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", text);
        }

        return http;
    }

    public static async Task Until(string what, TimeSpan within, Func<Task<bool>> holds)
    {
        for (var started = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(50))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < within, $"not within {within}: {what}");
        }
    }

    private static string WorkingDirectory(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // The service of docs/guide.md.
    private const string HelloPy = """
        #!/usr/bin/env python3
        import http.server, os, sys

        class Hello(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(f"{os.environ['GREETING']} from {os.environ['ZURG_INSTANCE']}\n".encode())

        print("hello starts", os.environ["GREETING"], file=sys.stderr, flush=True)
        http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Hello).serve_forever()
        """;
}
