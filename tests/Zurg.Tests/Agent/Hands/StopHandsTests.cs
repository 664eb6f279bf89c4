using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Local;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;
using Zurg.Tests.Agent.Processes;

namespace Zurg.Tests.Agent.Hands;

public sealed class StopHandsTests : IAsyncLifetime
{
    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    private static ProcessIdentity This => ProcessStat.Read(Environment.ProcessId)!.Value.Identity;

    private string StopToken => _bench.Paths.Token(AgentSamples.Web, AgentSamples.First) + "/stop";

    [Fact]
    public async Task A_stop_command_runs_as_the_instance_and_says_what_it_says_in_its_log()
    {
        _bench.AddFile("bin/ctl", "#!/bin/sh\necho \"$1 $2 $ZURG_INSTANCE $PWD\"\n");
        var (assigned, launch) = await RunAsync("bin/ctl", "${index}", "${settings.mood}");
        _bench.Hands.Observe(new AgentState
        {
            Host = new HostId("host1"),
            Assignment = new Assignment
            {
                Host = new HostId("host1"),
                Generation = new Generation(1),
                Settings = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("mood", "calm"),
            },
        });
        _bench.Hands.Begin(new AgentEffect.RunStopCommand(assigned, AgentSamples.First, launch));
        Assert.Null((await _bench.NextAsync<AgentInput.StopCommandEnded>()).Problem);
        var log = await File.ReadAllTextAsync(_bench.Paths.Log(AgentSamples.Web));
        Assert.Equal($"0 calm web.0 {_bench.Paths.Instance(AgentSamples.Web)}\n", log);
    }

    [Theory]
    [InlineData("#!/bin/sh\nexit 3\n", "its stop.command ended with exit code 3")]
    [InlineData("#!/bin/sh\nkill -9 $$\n", "its stop.command ended with SIGKILL")]
    [InlineData(null, "its stop.command could not be run")]
    public async Task A_stop_command_that_fails_says_how(string? script, string expected)
    {
        if (script is not null)
        {
            _bench.AddFile("ctl", script);
        }

        var (assigned, launch) = await RunAsync("ctl");
        _bench.Hands.Begin(new AgentEffect.RunStopCommand(assigned, AgentSamples.First, launch));
        Assert.StartsWith(expected, (await _bench.NextAsync<AgentInput.StopCommandEnded>()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_command_that_hangs_goes_with_all_that_it_started_when_its_wait_ends()
    {
        _bench.AddFile("ctl", "#!/bin/sh\nsetsid sleep 60 &\nsleep 60\n");
        var (assigned, launch) = await RunAsync("ctl");
        _bench.Hands.Begin(new AgentEffect.RunStopCommand(assigned, AgentSamples.First, launch));
        await ProcessBench.UntilAsync(() => ProcessTree.Living(null, StopToken, false).Count == 3, "the command to run");
        _bench.Hands.Begin(new AgentEffect.EndWait(AgentSamples.Web, AgentSamples.First));
        await ProcessBench.UntilAsync(() => ProcessTree.Living(null, StopToken, false).Count == 0, "the command to be killed");
    }

    [Fact]
    public async Task What_an_earlier_agent_ran_of_it_is_ended_before_it_runs_again()
    {
        _bench.AddFile("ctl", "#!/bin/sh\nexit 0\n");
        var (assigned, launch) = await RunAsync("ctl");
        var earlier = Assert.IsType<SpawnOutcome.Started>(Spawner.Spawn(new SpawnRequest
        {
            Executable = "/bin/sleep",
            Args = ["60"],
            Env = launch.Env.SetItem(ProcessTree.TokenVariable, StopToken),
            WorkingDirectory = "/",
            Output = -1,
        })).Process;
        _bench.Hands.Begin(new AgentEffect.RunStopCommand(assigned, AgentSamples.First, launch));
        Assert.Null((await _bench.NextAsync<AgentInput.StopCommandEnded>()).Problem);
        Assert.False(ProcessStat.IsAlive(earlier));
    }

    [Fact]
    public async Task With_nothing_on_its_ports_the_answer_comes_within_the_call_and_else_when_the_last_request_is_answered()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var wait = new AgentEffect.AwaitIdle(
            AgentSamples.Web, AgentSamples.First, This, [((IPEndPoint)listener.LocalEndpoint).Port], Counts: false);
        Assert.True(_bench.Hands.TryDo(wait, kept: false, out var answer));
        Assert.True(Assert.IsType<AgentInput.InFlight>(answer).Count.IsNothing);

        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await listener.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync("q"u8.ToArray());
        await server.GetStream().ReadExactlyAsync(new byte[1]);
        Assert.False(_bench.Hands.TryDo(wait, kept: false, out _));
        _bench.Hands.Begin(wait);
        Assert.Equal(new InFlightCount(1, InFlightBy.Sockets), (await _bench.NextAsync<AgentInput.InFlight>()).Count);

        await server.GetStream().WriteAsync("a"u8.ToArray());
        await client.GetStream().ReadExactlyAsync(new byte[1]);
        Assert.Equal(new InFlightCount(0, InFlightBy.Sockets), (await _bench.NextAsync<AgentInput.InFlight>()).Count);
    }

    [Fact]
    public async Task One_that_counts_is_believed_once_it_has_heard_of_the_stop()
    {
        _bench.Selves.Observe(NamingFixtures.State(NamingFixtures.Instance("web.0", InstancePhase.Stopping)));
        var wait = new AgentEffect.AwaitIdle(AgentSamples.Web, AgentSamples.First, This, [], Counts: true);
        Assert.False(_bench.Hands.TryDo(wait, kept: false, out _));
        _bench.Hands.Begin(wait);
        Assert.Equal(InFlightBy.Unanswered, (await _bench.NextAsync<AgentInput.InFlight>()).Count.By);

        await SayAsync(0, SelfState.Running);
        await SayAsync(2, SelfState.Draining);
        Assert.Equal(new InFlightCount(2, InFlightBy.Counted), (await _bench.NextAsync<AgentInput.InFlight>()).Count);
        await SayAsync(0, SelfState.Draining);
        Assert.Equal(new InFlightCount(0, InFlightBy.Counted), (await _bench.NextAsync<AgentInput.InFlight>()).Count);
    }

    [Fact]
    public async Task A_wait_that_ended_says_nothing_more()
    {
        _bench.Selves.Observe(NamingFixtures.State(NamingFixtures.Instance("web.0", InstancePhase.Stopping)));
        _bench.Hands.Begin(new AgentEffect.AwaitIdle(AgentSamples.Web, AgentSamples.First, This, [], Counts: true));
        await _bench.NextAsync<AgentInput.InFlight>();
        _bench.Hands.Begin(new AgentEffect.EndWait(AgentSamples.Web, AgentSamples.First));
        await SayAsync(0, SelfState.Draining);

        // The next wait is another one, and the first word that is heard is its own.
        _bench.Hands.Begin(new AgentEffect.AwaitIdle(AgentSamples.Web, AgentSamples.First.Next, This, [], Counts: true));
        Assert.Equal(AgentSamples.First.Next, (await _bench.NextAsync<AgentInput.InFlight>()).Incarnation);
    }

    private async Task SayAsync(int count, SelfState state)
    {
        var answer = new SelfAnswer(count, state);
        Assert.True(await _bench.Selves.SayAsync(AgentSamples.Web, AgentSamples.First, This, answer, default));
    }

    private async Task<(AssignedInstance Assigned, Launch Launch)> RunAsync(params ImmutableArray<string> command)
    {
        _bench.AddFile("run", "#!/bin/sh\nexec sleep 60\n");
        var assigned = AgentSamples.Assigned() with
        {
            Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), command),
        };
        return (assigned, (await _bench.RunAsync(assigned)).Launch);
    }
}
