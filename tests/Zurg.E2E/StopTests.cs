using System.Globalization;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// Between the decision to stop an instance and its SIGTERM: a real server without any SDK, with a request under way and a client
/// that keeps its connection for ever.
/// </summary>
public sealed class StopTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Ends at once by SIGTERM; /slow is answered once the file "finish" is there. Each step is a line of "order".
    /// </summary>
    private const string Server = """
        import signal, time
        shared = os.environ["E2E_SHARED"]

        def note(text):
            with open(shared + "/order", "a") as order:
                order.write(text + "\n")

        def end(*_):
            note("TERM")
            os._exit(0)

        class Web(Handler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path == "/slow":
                    note("asked")
                    while not os.path.exists(shared + "/finish"):
                        time.sleep(0.02)
                    note("answered")
                self.reply(b"ok")

        signal.signal(signal.SIGTERM, end)
        serve(Web)

        """;

    private readonly ProcessCluster _cluster = new();
    private readonly HttpClient _idle = new();
    private readonly HttpClient _busy = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _idle.Dispose();
        _busy.Dispose();
        await _cluster.DisposeAsync();
    }

    [NeedsFact("python3")]
    public async Task The_signal_waits_for_the_command_and_for_what_is_under_way_and_not_for_a_connection_that_rests()
    {
        var slow = await BeginAsync();
        await ApplyAsync(mark: 2, drain: "1h");
        await UntilHeldAsync();
        await File.WriteAllTextAsync(_cluster.Shared("finish"), "");
        Assert.Equal("ok", await slow);
        await UntilAsync("the new one runs", mark: 2);
        Assert.Equal("asked command answered TERM", Order());
    }

    [NeedsFact("python3")]
    public async Task A_request_that_takes_longer_than_the_limit_is_cut_and_written_down()
    {
        var slow = await BeginAsync();
        await ApplyAsync(mark: 2, drain: "1s");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => slow);
        await UntilAsync("the new one runs", mark: 2);
        Assert.Equal("asked command TERM", Order());

        const string cut = "1 request was still under way when stop.drain (1 s) was over";
        var events = await _cluster.EventsAsync("service=web");
        Assert.Contains(events, e => e.Kind == EventKind.DrainCut && e.Text.Contains(cut, StringComparison.Ordinal));
        Assert.Contains(events, e => e.Exit?.Reason.Contains(cut, StringComparison.Ordinal) is true);
    }

    /// <summary>
    /// It was told nothing, and nobody knows of it: it has its connection for as long as it may, and each answer that it gets is
    /// whole. The request that is cut gets none.
    /// </summary>
    [NeedsFact("python3")]
    public async Task A_client_that_is_busy_on_one_connection_for_ever_is_answered_up_to_the_limit_and_then_cut()
    {
        await StartAsync();
        using var client = new KeptConnection(await PortAsync());
        var busy = Task.Factory.StartNew(
            () =>
            {
                while (client.Ask("GET /") is not null)
                {
                }
            },
            default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await DevFixture.Until("it asks", Soon, () => Task.FromResult(client.Answers > 20));

        await ApplyAsync(mark: 2, drain: "2s");
        await UntilHeldAsync();
        var answers = client.Answers;
        await busy.WaitAsync(Soon);
        Assert.True(client.Answers > answers + 20, $"{client.Answers} answers, {answers} of them before it was waited for");
        await UntilAsync("the new one runs", mark: 2);
        Assert.Equal("command TERM", Order());
        Assert.Contains(await _cluster.EventsAsync("service=web"), e => e.Kind == EventKind.DrainCut
            && e.Text.Contains("1 request was still under way when stop.drain (2 s) was over", StringComparison.Ordinal));
    }

    [NeedsFact("python3")]
    public async Task An_agent_that_is_killed_while_it_waits_is_followed_by_one_that_waits()
    {
        var slow = await BeginAsync();
        await ApplyAsync(mark: 2, drain: "1h");
        await UntilHeldAsync();
        _cluster.KillAgent();
        _cluster.StartAgent();
        await _cluster.AgentSaysAsync("has a request under way");
        await File.WriteAllTextAsync(_cluster.Shared("finish"), "");
        Assert.Equal("ok", await slow);
        await UntilAsync("the new one runs", mark: 2);
        Assert.Equal("asked command answered TERM", Order());
    }

    /// <summary>It runs, a connection to it rests after an answer, and a request is under way.</summary>
    private async Task<Task<string>> BeginAsync()
    {
        await StartAsync();
        var port = await PortAsync();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/");
        Assert.Equal("ok", await _idle.GetStringAsync(new Uri(url)));
        var slow = _busy.GetStringAsync(new Uri(url + "slow"));
        await DevFixture.Until("the request is under way", Soon, () => Task.FromResult(Order() == "asked"));
        return slow;
    }

    private async Task StartAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        Assert.True(await _cluster.TryPushAsync("web", "1", ("run", PythonServer.Script("1", Server))));
        await ApplyAsync(mark: 1, drain: "1h");
        await UntilAsync("it is ready", mark: 1);
    }

    private async Task<int> PortAsync() => (await WebAsync()).Instances.Single().Status!.Ports[new PortName("http")];

    private async Task ApplyAsync(int mark, string drain) => Assert.NotNull(await _cluster.TryApplyAsync(
        string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: e2e
            services:
              web:
                release: 1
                run: run
                ports: { http: dynamic }
                env: { E2E_MARK: {{_cluster.Mark}}, E2E_SHARED: {{_cluster.Shared("").TrimEnd('/')}}, NUMBER: "{{mark}}" }
                stop: { grace: 5s, drain: {{drain}}, command: [/bin/sh, -c, 'echo command >>"$E2E_SHARED/order"'] }
                update: { canary: 0, batch: 100%, bake: 0s, max_unavailable: 1, surge: 0 }
            """)));

    private Task UntilHeldAsync() => DevFixture.Until("the request is waited for", Soon, async () =>
        (await WebAsync()).Instances.Single().Status?.Hold?.Reason == HoldReason.WaitsForRequests);

    private Task UntilAsync(string what, int mark) => DevFixture.Until(what, Soon, async () =>
    {
        var service = await WebAsync();
        var text = string.Create(CultureInfo.InvariantCulture, $"NUMBER={mark}\0");
        return service.Ready == 1 && service.Instances is [{ Status.Pid: { } pid }]
            && File.Exists($"/proc/{pid}/environ")
            && (await File.ReadAllTextAsync($"/proc/{pid}/environ")).Contains(text, StringComparison.Ordinal);
    });

    private Task<ServiceStatus> WebAsync() => _cluster.ServiceAsync("web");

    private string Order() => !File.Exists(_cluster.Shared("order")) ? ""
        : string.Join(' ', File.ReadAllLines(_cluster.Shared("order")));
}
