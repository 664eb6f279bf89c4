using System.Net;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;
using Zurg.Tests.Support;

namespace Zurg.Tests.Master.Api;

public sealed class HostTests : IAsyncLifetime
{
    private TestMaster _master = null!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task What_a_host_measures_is_shown_counted_and_never_stored()
    {
        using var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        await agent.SendAsync(new AgentMessage { Measures = HostSamples.Measures(disk: 1L << 30) });

        var host = await HostAsync("host1", h => h is { Measures: not null, Lows.Length: 1 });
        Assert.Equal("web.0", Assert.Single(host.Measures!.Instances).Instance.Value);
        var listed = Assert.Single(await _master.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus));
        Assert.Equal(4L << 30, listed.Measures!.Memory.Available);
        Assert.Empty(listed.Measures.Instances);
        var metrics = MetricLines.Parse(await _master.Http.GetStringAsync("/metrics"));
        Assert.Equal(1L << 30, metrics["zurg_host_filesystem_free_bytes{host=\"host1\",mountpoint=\"/var\"}"]);
        Assert.Equal(1, metrics["zurg_host_low{host=\"host1\"}"]);

        // Another reading that changes nothing of the facts moves no revision.
        var revision = metrics["zurg_master_store_revision"];
        await agent.SendAsync(new AgentMessage { Measures = HostSamples.Measures(disk: (1L << 30) - 4096) });
        await HostAsync("host1", h => h.Measures!.FileSystems[0].Free == (1L << 30) - 4096);
        Assert.Equal(
            revision, MetricLines.Parse(await _master.Http.GetStringAsync("/metrics"))["zurg_master_store_revision"]);
    }

    [Fact]
    public async Task A_host_that_nobody_knows_is_named_with_the_nearest()
    {
        using var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        await HostAsync("host1", _ => true);

        var problem = await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/hosts/hots1"), 404);
        Assert.Equal("did you mean 'host1'?", problem.Mend);
    }

    [Fact]
    public async Task A_host_s_history_holds_each_start_with_its_end_and_everything_that_happened()
    {
        using var agent = await TestAgent.JoinAsync(_master, "host1");
        var at = DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000);
        var start = new InstanceStart(new Incarnation(3), ReleaseId.Wrap("web@1"), Digest.Of("x"u8), 99, "the first start");
        var exit = new InstanceExit
        {
            Incarnation = new Incarnation(3), At = at, Ran = TimeSpan.FromSeconds(5), Reason = "exit code 7", Asked = false,
        };
        var report = TestAgent.Report(1);
        await agent.SendAsync(report with
        {
            Report = report.Report! with
            {
                Events =
                [
                    Event(1, EventKind.InstanceStarted) with { Start = start },
                    Event(2, EventKind.InstanceExited) with { Exit = exit },
                ],
            },
        });
        await agent.ReadAsync(m => m.EventsKept is 2 ? m : null);

        var history = await _master.GetAsync("/v1/history?host=host1", WireJson.Default.History);
        var record = Assert.Single(history.Starts);
        Assert.Equal(("web@1", exit), (record.Release?.Value, record.Exit));
        Assert.Contains(history.Events, e => e.Kind == EventKind.HostConnected);
        var later = await _master.GetAsync("/v1/history?instance=web.0&from=2100-01-01T00:00:00Z", WireJson.Default.History);
        Assert.Empty(later.Starts);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/history?limit=0"), 400);

        EventRecord Event(long id, EventKind kind) =>
            new() { Id = id, At = at, Kind = kind, Instance = InstanceId.Wrap("web.0"), Text = "x" };
    }

    [Fact]
    public async Task Metrics_want_the_token()
    {
        using var http = new HttpClient { BaseAddress = _master.Host.Url };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/metrics")).StatusCode);
        using var answer = await _master.Http.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
    }

    private async Task<HostStatus> HostAsync(string host, Func<HostStatus, bool> until)
    {
        using var late = new CancellationTokenSource(TestMaster.Deadline);
        while (true)
        {
            using var answer = await _master.Http.GetAsync($"/v1/hosts/{host}", late.Token);
            if (answer.IsSuccessStatusCode
                && await TestMaster.ReadAsync(answer, WireJson.Default.HostStatus) is var status && until(status))
            {
                return status;
            }

            await Task.Delay(5, late.Token);
        }
    }
}
