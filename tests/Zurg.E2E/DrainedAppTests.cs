using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>A real ASP.NET Core application, the web front of the example, replaced under clients that know no naming.</summary>
public sealed class DrainedAppTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly ProcessCluster _cluster = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task A_long_request_is_waited_for_and_a_client_that_asks_all_the_time_goes_away_without_an_error()
    {
        await StartAsync();
        var old = (await WebAsync()).Instances.Single().Status!;
        var port = old.Ports.Values.Single();

        // There is no solver: the front waits 5 s for one before it says so.
        using var waiting = new TcpClient("127.0.0.1", port);
        waiting.GetStream().Write("POST /api/solve HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\n."u8);
        using var client = new KeptConnection(port);
        var busy = Task.Factory.StartNew(
            () => AskUntilToldToGo(client), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await DevFixture.Until("it asks", Soon, () => Task.FromResult(busy.IsCompleted || client.Answers > 20));
        await ApplyAsync(release: 2);

        await busy;
        using var reader = new StreamReader(waiting.GetStream());
        var answer = await reader.ReadToEndAsync().WaitAsync(Soon);
        Assert.Contains("No solver is available", answer, StringComparison.Ordinal);
        Assert.Contains("zurg-draining: web.0\r\n", answer, StringComparison.Ordinal);
        await UntilAsync("the new release is ready",
            s => s.Ready == 1 && s.Instances.Single().Status?.Release.Version.Value == "2");
        var events = await _cluster.Http.GetStringAsync(new Uri("/v1/events?service=web", UriKind.Relative));
        Assert.DoesNotContain("drain_cut", events, StringComparison.Ordinal);
        Assert.Contains("stopped for web@2; exit code 0", events, StringComparison.Ordinal);
    }

    private static void AskUntilToldToGo(KeptConnection client)
    {
        for (; ; )
        {
            var head = client.Ask("POST /nowhere");
            if (head is null)
            {
                // A connection may be closed while it rests: this machine has kept us from asking for so long.
                Assert.True(
                    client.Rested > TimeSpan.FromMilliseconds(80),
                    $"no answer after {client.Answers} answers and {client.Rested}");
                return;
            }

            if (head.Contains("Connection: close"))
            {
                Assert.Contains("zurg-draining: web.0", head);
                return;
            }
        }
    }

    private async Task StartAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        var files = Built().ToImmutableArray();
        Assert.True(await _cluster.TryPushAsync("web", "1", files));
        Assert.True(await _cluster.TryPushAsync("web", "2", [.. files, ("two", "2"u8.ToArray())]));
        await ApplyAsync(release: 1);
        await UntilAsync("it is ready", s => s.Ready == 1);
    }

    /// <summary>What the build of the example has left.</summary>
    internal static IEnumerable<(string Path, byte[] Bytes)> Built()
    {
        var web = Path.Combine(ZurgProgram.Root, "examples/sudoku/Web/bin");
        var program = Directory.EnumerateFiles(web, "sudoku-web", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)!;
        var directory = Path.GetDirectoryName(program)!;
        return Directory.EnumerateFiles(directory).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f)));
    }

    private async Task ApplyAsync(int release) => Assert.NotNull(await _cluster.TryApplyAsync(
        string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: e2e
            services:
              web:
                release: {{release}}
                run: sudoku-web
                instances: 1
                ports: { http: dynamic }
                probe: { http: /healthz, port: http, every: 1s }
                env: { E2E_MARK: {{_cluster.Mark}} }
                stop: { grace: 10s, drain: 1h }
                update: { canary: 0, batch: 100%, bake: 0s, max_unavailable: 1, surge: 0 }
            """)));

    private Task<ServiceStatus> WebAsync() => _cluster.ServiceAsync("web");

    private Task UntilAsync(string what, Func<ServiceStatus, bool> condition) =>
        DevFixture.Until(what, Soon, async () => condition(await WebAsync()));
}
