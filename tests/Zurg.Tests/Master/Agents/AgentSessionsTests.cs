using System.Diagnostics;
using System.Net.WebSockets;
using Zurg.Protocol;
using Zurg.Tests.Master.Api;

namespace Zurg.Tests.Master.Agents;

public sealed class AgentSessionsTests(MasterFixture fixture) : IClassFixture<MasterFixture>
{
    private TestMaster Master => fixture.Master;

    [Fact]
    public async Task A_hello_is_answered_with_the_clusters_id()
    {
        using var first = await TestAgent.DialAsync(Master);
        await first.SendAsync(TestAgent.Hello("greets-a"));
        var id = (await first.ReadAsync())!.Welcome!.ClusterId;
        using var second = await TestAgent.DialAsync(Master);
        await second.SendAsync(TestAgent.Hello("greets-b", cluster: id));

        var welcome = (await second.ReadAsync())!.Welcome!;

        Assert.Equal((id, 32, null), (welcome.ClusterId, id.Length, welcome.Refusal));
    }

    [Fact]
    public async Task An_agent_of_another_cluster_is_refused_with_a_reason()
    {
        using var agent = await TestAgent.DialAsync(Master);
        await agent.SendAsync(TestAgent.Hello("stranger", cluster: "0123"));

        Assert.Contains("another cluster", (await agent.ReadAsync())!.Welcome!.Refusal, StringComparison.Ordinal);
        Assert.Null(await agent.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, agent.CloseStatus);
    }

    [Fact]
    public async Task Who_says_nothing_is_sent_away_after_5_s()
    {
        using var agent = await TestAgent.DialAsync(Master);
        var watch = Stopwatch.StartNew();

        Assert.Contains("no message for 5 s", await agent.ReadToCloseAsync(), StringComparison.Ordinal);

        Assert.InRange(watch.Elapsed.TotalSeconds, 4, 30);
    }

    [Fact]
    public async Task The_first_message_must_be_a_hello()
    {
        using var agent = await TestAgent.DialAsync(Master);
        await agent.SendAsync(TestAgent.Report(1));
        Assert.Contains("hello", await agent.ReadToCloseAsync(), StringComparison.Ordinal);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, agent.CloseStatus);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"report\":{}}")]
    [InlineData("{\"report\":{\"number\":\"x\"}}")]
    public async Task Garbage_ends_the_session_with_a_reason(string text)
    {
        using var agent = await TestAgent.JoinAsync(Master, "garbage");
        await agent.SendTextAsync(text);
        Assert.Contains("no JSON", await agent.ReadToCloseAsync(), StringComparison.Ordinal);
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, agent.CloseStatus);
    }

    [Fact]
    public async Task Binary_and_a_second_hello_end_the_session()
    {
        using var binary = await TestAgent.JoinAsync(Master, "binary");
        await binary.SendBinaryAsync();
        await binary.ReadToCloseAsync();
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, binary.CloseStatus);

        using var twice = await TestAgent.JoinAsync(Master, "twice");
        await twice.SendAsync(TestAgent.Hello("twice"));
        Assert.Contains("second hello", await twice.ReadToCloseAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_of_100_MB_is_refused_for_its_size()
    {
        using var agent = await TestAgent.JoinAsync(Master, "large");
        var piece = new string('x', 1024 * 1024);
        try
        {
            for (var sent = 0; sent < 100; sent++)
            {
                await agent.SendTextAsync(piece, end: false);
            }

            Assert.Contains("a message over 4194304 bytes", await agent.ReadToCloseAsync(), StringComparison.Ordinal);
            Assert.Equal(WebSocketCloseStatus.MessageTooBig, agent.CloseStatus);
        }
        catch (WebSocketException)
        {
            // The master hung up in the middle, before its reason was read.
        }
    }

    [Fact]
    public async Task What_a_newer_build_says_is_left_aside_and_the_session_goes_on()
    {
        using var agent = await TestAgent.JoinAsync(Master, "newer");
        await agent.SendTextAsync("{\"telepathy\":{\"thought\":1}}");
        await agent.SendTextAsync("{\"report\":{\"number\":1,\"applied\":0,\"instances\":[],\"mood\":\"good\"}}");
        await agent.SendAsync(TestAgent.Naming("any"));
        Assert.Equal(new ServiceName("any"), (await agent.ReadAsync(m => m.Endpoints)).Service);
    }

    [Fact]
    public async Task Of_two_sessions_of_one_host_the_newer_one_stays()
    {
        using var first = await TestAgent.JoinAsync(Master, "doubled", epoch: 5);
        using var second = await TestAgent.JoinAsync(Master, "doubled", epoch: 6);
        Assert.Contains("newer session", await first.ReadToCloseAsync(), StringComparison.Ordinal);

        using var stale = await TestAgent.DialAsync(Master);
        await stale.SendAsync(TestAgent.Hello("doubled", epoch: 4));
        Assert.NotNull((await stale.ReadAsync())!.Welcome!.Refusal);

        await second.SendAsync(TestAgent.Naming("any"));
        await second.SendAsync(TestAgent.Report(1));
        await second.ReadAsync(m => m.Endpoints);
    }

    [Fact]
    public async Task A_host_that_joined_is_listed_and_its_events_are_kept_and_acknowledged()
    {
        using var agent = await TestAgent.JoinAsync(Master, "listed");
        var happened = new EventRecord
        {
            Id = 7, At = DateTimeOffset.UnixEpoch, Kind = EventKind.AgentStarted, Host = new HostId("listed"),
            Text = "the agent started",
        };
        await agent.SendAsync(new AgentMessage { Report = TestAgent.Report(1).Report! with { Events = [happened] } });

        while ((await agent.ReadAsync())?.EventsKept is not 7)
        {
        }

        var hosts = await Master.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus);
        Assert.Equal(HostSession.Connected, hosts.Single(h => h.Host == new HostId("listed")).Session);
        var events = await Master.GetAsync("/v1/events?host=listed", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Contains(events, e => e.Text == "the agent started");
    }

    [Fact]
    public async Task Without_a_token_there_is_no_session()
    {
        using var socket = new ClientWebSocket();
        var url = new UriBuilder(Master.Host.Url) { Scheme = "ws", Path = "/v1/agents/session" }.Uri;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(url, CancellationToken.None));
        await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/agents/session"), 400);
    }
}
