using System.Net;
using System.Text.Json;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

public sealed class ServiceTests : IAsyncLifetime
{
    private const int TriesMax = 1_000;

    private static readonly InstanceId Web0 = InstanceId.Parse("web.0");
    private TestMaster _master = null!;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        await _master.PushAsync("web@1.0.0");
    }

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task A_service_on_a_host_is_assigned_reported_listed_and_named()
    {
        using var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        await agent.SendAsync(TestAgent.Naming("web"));
        using var watch = new StreamReader(await _master.Http.GetStreamAsync("/v1/services/web/endpoints?watch=true"));
        Assert.Empty((await LineAsync(watch)).Endpoints);

        await ApplyAsync();
        var assignment = await AssignedAsync(agent);
        await agent.SendAsync(TestAgent.Running(2, assignment));

        Assert.Equal(Web0, Assert.Single((await LineAsync(watch)).Endpoints).Instance);
        var pushed = await agent.ReadAsync(m => m.Endpoints is { Endpoints.IsEmpty: false } set ? set : null);
        Assert.Equal(Web0, Assert.Single(pushed.Endpoints).Instance);
        var asked = await _master.GetAsync("/v1/services/web/endpoints", WireJson.Default.EndpointSet);
        Assert.Equal(pushed.Revision, asked.Revision);
        var explanation = await _master.GetAsync("/v1/services/web", WireJson.Default.ServiceExplanation);
        Assert.Equal((1, 1), (explanation.Status.Wanted, explanation.Status.Ready));
        Assert.Null(Assert.Single(explanation.Followers).Confirmed);
        await agent.SendAsync(new AgentMessage
        {
            Confirmed = new NamingConfirmation { Services = [new ConfirmedRevision(new ServiceName("web"), pushed.Revision)] },
        });
        await EventuallyConfirmedAsync(pushed.Revision);
    }

    private async Task EventuallyConfirmedAsync(Revision revision)
    {
        ServiceExplanation explanation;
        var begun = TimeProvider.System.GetTimestamp();
        do
        {
            explanation = await _master.GetAsync("/v1/services/web", WireJson.Default.ServiceExplanation);
        }
        while (explanation.Followers[0].Confirmed != revision
            && TimeProvider.System.GetElapsedTime(begun) < Eventually.Deadline);

        Assert.Equal(revision, explanation.Followers[0].Confirmed);
    }

    [Fact]
    public async Task Stop_start_and_restart_are_written_down_once_and_refused_where_they_make_no_sense()
    {
        await ApplyAsync();

        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("web/stop")).StatusCode);
        var stopTwice = await PostAsync("web/stop");
        Assert.Equal(HttpStatusCode.Accepted, stopTwice.StatusCode);
        Assert.Contains("stopped already", await stopTwice.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var restartStopped = await TestMaster.ProblemAsync(await PostAsync("web/restart"), 409);
        Assert.Contains("zurg start web", restartStopped.Mend, StringComparison.Ordinal);
        Assert.True((await _master.GetAsync("/v1/services/web", WireJson.Default.ServiceExplanation)).Status.Stopped);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("web/start")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("web/start")).StatusCode);
        var restarts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync("web/restart?author=ann")));
        Assert.All(restarts, r => Assert.Equal(HttpStatusCode.Accepted, r.StatusCode));

        var events = await _master.GetAsync("/v1/events?service=web", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Equal(
            8, events.Count(e => e.Kind == EventKind.ServiceRestarted && e.Text.Contains("ann", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_not_there_gets_a_guess()
    {
        await ApplyAsync();

        var shown = await _master.Http.GetAsync("/v1/services/wep");
        foreach (var answer in new[] { await PostAsync("wep/restart"), await PostAsync("wep/stop"), shown })
        {
            Assert.Contains("did you mean 'web'?", (await TestMaster.ProblemAsync(answer, 404)).Mend, StringComparison.Ordinal);
        }

        await TestMaster.ProblemAsync(await PostAsync("web/restart?instance=other.0"), 400);
        await TestMaster.ProblemAsync(await PostAsync("web/restart?instance=web.7"), 404);
        await TestMaster.ProblemAsync(await PostAsync("web/restart?instance=x"), 400);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/instances/web.7/logs"), 404);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/events?limit=5000"), 400);
        Assert.Empty((await _master.GetAsync("/v1/services/nobody/endpoints", WireJson.Default.EndpointSet)).Endpoints);
    }

    [Fact]
    public async Task A_log_is_asked_of_the_agent_that_has_the_instance()
    {
        using var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        await ApplyAsync();
        await AssignedAsync(agent);

        var asking = _master.GetAsync("/v1/instances/web.0/logs?offset=5&bytes=100&wait=00:00:01", WireJson.Default.LogChunk);
        var ask = await agent.ReadAsync(m => m.Log);
        Assert.Equal((Web0, 5L, 100, TimeSpan.FromSeconds(1)), (ask.Instance, ask.Offset, ask.BytesMax, ask.Wait));
        await agent.SendAsync(new AgentMessage { Log = new LogChunk(ask.Nonce + 1, 0, 0, "of somebody else") });
        await agent.SendAsync(new AgentMessage { Log = new LogChunk(ask.Nonce, 5, 10, "hello") });
        Assert.Equal(("hello", new HostId("host1")), ((await asking).Text, (await asking).Host));

        // A host that has no such instance may still keep its log; one that is not there says so.
        var left = _master.GetAsync("/v1/instances/gone.3/logs?host=host1", WireJson.Default.LogChunk);
        ask = await agent.ReadAsync(m => m.Log);
        await agent.SendAsync(new AgentMessage { Log = new LogChunk(ask.Nonce, 0, 3, "bye") });
        Assert.Equal(("gone.3", "bye"), (ask.Instance.Value, (await left).Text));
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/instances/web.0/logs?host=host9"), 503);

        var cut = _master.Http.GetAsync("/v1/instances/web.0/logs");
        await agent.ReadAsync(m => m.Log);
        agent.Dispose();
        await TestMaster.ProblemAsync(await cut, 504);

        // The session is found until its socket is closed: asked of it meanwhile, it answers 504 at once.
        var after = await _master.Http.GetAsync("/v1/instances/web.0/logs");
        for (var tries = 0; after.StatusCode == HttpStatusCode.GatewayTimeout && tries < TriesMax; tries++)
        {
            after = await _master.Http.GetAsync("/v1/instances/web.0/logs");
        }

        await TestMaster.ProblemAsync(after, 503);
    }

    [Fact]
    public async Task Status_is_answered_before_anything_was_applied_and_streamed_after()
    {
        Assert.Null((await _master.GetAsync("/v1/status", WireJson.Default.ClusterStatus)).Cluster);
        using var watch = new StreamReader(await _master.Http.GetStreamAsync("/v1/status?watch=true"));
        Assert.Equal(0, JsonSerializer.Deserialize((await watch.ReadLineAsync())!, WireJson.Default.ClusterStatus)!.Spec.Value);

        await ApplyAsync();

        ClusterStatus status;
        do
        {
            status = JsonSerializer.Deserialize((await watch.ReadLineAsync())!, WireJson.Default.ClusterStatus)!;
        }
        while (status.Spec.Value == 0);
        Assert.NotEmpty(status.Holds);
        Assert.False(status.Converged);
    }

    [Fact]
    public async Task Events_are_followed_as_they_happen_and_a_stop_ends_every_stream()
    {
        using var events = new StreamReader(await _master.Http.GetStreamAsync("/v1/events?follow=true&since=0"));
        var seen = new List<EventKind>();
        await ApplyAsync();
        while (!seen.Contains(EventKind.SpecApplied))
        {
            seen.Add(JsonSerializer.Deserialize((await events.ReadLineAsync())!, WireJson.Default.EventRecord)!.Kind);
        }

        Assert.Contains(EventKind.MasterStarted, seen);
        await _master.Host.DisposeAsync();
        Assert.True(_master.Host.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_master_that_was_started_again_has_newer_epochs_and_the_same_cluster()
    {
        using var agent = await TestAgent.DialAsync(_master);
        await agent.SendAsync(TestAgent.Hello("host1"));
        var id = (await agent.ReadAsync())!.Welcome!.ClusterId;
        await using var revived = await _master.ReviveAsync();
        using var again = await TestAgent.DialAsync(revived);
        await again.SendAsync(TestAgent.Hello("host1", 2, id));
        Assert.Equal((id, null), ((await again.ReadAsync())!.Welcome is { } w ? (w.ClusterId, w.Refusal) : default));
    }

    private static async Task<EndpointSet> LineAsync(StreamReader watch) =>
        JsonSerializer.Deserialize((await watch.ReadLineAsync())!, WireJson.Default.EndpointSet)!;

    private static Task<Assignment> AssignedAsync(TestAgent agent) =>
        agent.ReadAsync(m => m.Assignment is { Instances.IsEmpty: false } assignment ? assignment : null);

    private async Task ApplyAsync() => await TestMaster.ReadAsync(
        await _master.ApplyAsync(
            "cluster: demo\nservices:\n  web:\n    release: 1.0.0\n    run: run\n"), WireJson.Default.ApplyResult);

    private Task<HttpResponseMessage> PostAsync(string path) => _master.Http.PostAsync("/v1/services/" + path, null);
}
