using System.Net;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

/// <summary>zurg lost HOST: a person's word on a host that is silent, and on no other.</summary>
public sealed class LossTests : IAsyncLifetime
{
    private static readonly ServiceName Web = new("web");
    private TestMaster _master = null!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task A_host_that_is_heard_is_not_lost_a_silent_one_is_and_comes_back_by_itself()
    {
        await ApplyAsync();
        var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        var assigned = await agent.ReadAsync(m => m.Assignment is { Instances.Length: 1 } a ? a : null);
        await agent.SendAsync(TestAgent.Running(2, assigned!));
        await UntilAsync("it is listed", async () => (await EndpointsAsync()).Endpoints.Length == 1);

        var alive = await TestMaster.ProblemAsync(await LoseAsync("host1"), 409);
        Assert.Equal("host1 is not lost: its agent reports", alive.Detail);
        Assert.StartsWith("zurg drain host1 moves everything away", alive.Mend, StringComparison.Ordinal);
        Assert.Equal("did you mean 'host1'?", (await TestMaster.ProblemAsync(await LoseAsync("hots1"), 404)).Mend);

        agent.Dispose();
        await UntilAsync("it is silent", async () => (await HostAsync()).Session == HostSession.Silent);
        Assert.Equal(EndpointState.Suspect, Assert.Single((await EndpointsAsync()).Endpoints).State);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => LoseAsync("host1", "burnt\u001b[31m")));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Accepted);
        var again = await TestMaster.ProblemAsync(answers.First(a => a.StatusCode == HttpStatusCode.Conflict), 409);
        Assert.StartsWith("host1 is lost already, by word of ann at ", again.Detail, StringComparison.Ordinal);
        await UntilAsync("it is lost", async () => (await HostAsync()).Session == HostSession.Lost);
        Assert.Equal(("ann", "burnt[31m"), ((await HostAsync()).Lost?.By, (await HostAsync()).Lost?.Why));
        Assert.Empty((await EndpointsAsync()).Endpoints);

        // It fits nowhere else: it keeps its place, and goes on when the host is back.
        var status = await _master.GetAsync("/v1/status", WireJson.Default.ClusterStatus);
        Assert.Contains(status.Holds, h => h.Reason == HoldReason.HostLost && h.Service == Web);

        // What is said of it next takes nothing of that back.
        foreach (var (verb, drained) in new[] { ("drain", true), ("undrain", false) })
        {
            var said = await _master.Http.PostAsync($"/v1/hosts/host1/{verb}?author=bob", null);
            Assert.Equal(HttpStatusCode.Accepted, said.StatusCode);
            var host = await HostAsync();
            Assert.Equal((HostSession.Lost, drained, "ann"), (host.Session, host.Drained is not null, host.Lost?.By));
        }

        using var back = await TestAgent.JoinAsync(_master, "host1", epoch: 2);
        await back.SendAsync(TestAgent.Running(1, assigned!));
        Assert.Single((await back.ReadAsync(m => m.Assignment))!.Instances);
        await UntilAsync("it is listed again", async () => (await EndpointsAsync()).Endpoints.Length == 1);
        Assert.Null((await HostAsync()).Lost);
        var events = await _master.GetAsync("/v1/events?host=host1", WireJson.Default.ImmutableArrayEventRecord);
        var lost = Assert.Single(events, e => e.Kind == EventKind.HostLost);
        Assert.StartsWith("host1 is lost, by word of ann: burnt", lost.Text, StringComparison.Ordinal);
        Assert.Single(events, e => e.Kind == EventKind.HostReturned);
    }

    private Task<HttpResponseMessage> LoseAsync(string host, string? why = null) => _master.Http.PostAsync(
        $"/v1/hosts/{host}/lost?author=ann",
        why is null
            ? null
            : new StringContent(
                JsonSerializer.Serialize(new HostLoss(why), WireJson.Default.HostLoss), Encoding.UTF8, "application/json"));

    private Task<HostStatus> HostAsync() => _master.GetAsync("/v1/hosts/host1", WireJson.Default.HostStatus);

    private Task<EndpointSet> EndpointsAsync() =>
        _master.GetAsync("/v1/services/web/endpoints", WireJson.Default.EndpointSet);

    private static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var late = new CancellationTokenSource(TestMaster.Deadline);
        while (!await condition())
        {
            Assert.False(late.IsCancellationRequested, what);
            await Task.Delay(20);
        }
    }

    private async Task ApplyAsync()
    {
        await _master.PushAsync("web@1");
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/spec")
        {
            Content = new StringContent(
                """
                cluster: test
                services:
                  web: { release: 1, run: run, instances: 1 }
                """,
                Encoding.UTF8, "application/yaml"),
        };
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        var answer = await _master.Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
