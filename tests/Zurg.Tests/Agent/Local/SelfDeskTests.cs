using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Zurg.Agent.Local;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Agent.Local;

public sealed class SelfDeskTests : IAsyncLifetime
{
    private static readonly InstanceId Web = InstanceId.Parse("web.0");
    private static readonly Incarnation First = new(1);

    private LocalAgent _agent = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _http = _agent.NewClient();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _agent.DisposeAsync();
    }

    /// <summary>The test's own process is the main process of web.0.</summary>
    private static ProcessIdentity This => ProcessStat.Read(Environment.ProcessId)!.Value.Identity;

    [Fact]
    public async Task An_instance_learns_who_it_is_and_each_change_of_what_is_wanted_of_it()
    {
        Observe(InstancePhase.Running);
        Assert.Equal(
            """{"instance":"web.0","service":"web","state":"running"}""" + "\n", await _http.GetStringAsync("/v1/self"));

        using var reader = new StreamReader(await _http.GetStreamAsync("/v1/self?watch=true"));
        Assert.Equal("""{"instance":"web.0","service":"web","state":"running"}""", await reader.ReadLineAsync());
        Observe(InstancePhase.Running, refuse: true);
        Assert.Equal("""{"instance":"web.0","service":"web","state":"refusing"}""", await reader.ReadLineAsync());
        Observe(InstancePhase.Running, refuse: true, epoch: 5);
        Assert.Equal("""{"instance":"web.0","service":"web","state":"refusing","epoch":5}""", await reader.ReadLineAsync());
        Observe(InstancePhase.Stopping, refuse: true, epoch: 5);
        Assert.Equal(
            """{"instance":"web.0","service":"web","state":"refusing","epoch":5,"ends":true}""", await reader.ReadLineAsync());
        Observe(InstancePhase.Stopping);
        Assert.Equal("""{"instance":"web.0","service":"web","state":"draining","ends":true}""", await reader.ReadLineAsync());
        Observe(InstancePhase.Waiting, incarnation: 2);
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Who_belongs_to_no_instance_is_told_so()
    {
        _agent.Names.Observe(State());
        _agent.Selves.Observe(State());
        using var answer = await _http.GetAsync("/v1/self");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("belongs to no instance", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var said = await SayAsync("""{"count":1,"state":"running"}""");
        Assert.Equal(HttpStatusCode.NotFound, said.StatusCode);
    }

    [Fact]
    public async Task A_process_that_asks_before_its_start_is_written_down_is_answered_as_soon_as_it_is()
    {
        var starting = State(Instance("web.0", InstancePhase.Starting));
        _agent.Names.Observe(starting);
        _agent.Selves.Observe(starting);
        var asked = _http.GetStringAsync("/v1/self");
        Observe(InstancePhase.Starting);
        Assert.Contains("web.0", await asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_from_before_the_newest_word_is_no_answer_to_it()
    {
        Observe(InstancePhase.Running);
        Assert.Null(_agent.Selves.Counted(Web, First));
        Assert.Equal(HttpStatusCode.NoContent, (await SayAsync("""{"count":3,"state":"running"}""")).StatusCode);
        Assert.Equal(new InFlightWord(3, Answered: true), _agent.Selves.Counted(Web, First));
        Assert.Equal([new AgentInput.SelfTold(Web, First, Refuses: false)], _agent.Told);

        Observe(InstancePhase.Stopping);
        Assert.Equal(new InFlightWord(3, Answered: false), _agent.Selves.Counted(Web, First));
        await SayAsync("""{"count":2,"state":"running"}""");
        Assert.Equal(new InFlightWord(2, Answered: false), _agent.Selves.Counted(Web, First));
        await SayAsync("""{"count":1,"state":"draining"}""");
        Assert.Equal(new InFlightWord(1, Answered: true), _agent.Selves.Counted(Web, First));
    }

    [Fact]
    public async Task Processes_of_one_instance_count_together_and_those_that_ended_no_more()
    {
        Observe(InstancePhase.Stopping);
        var dead = This with { StartTicks = This.StartTicks + 1 };
        Assert.True(await _agent.Selves.SayAsync(Web, First, dead, new SelfAnswer(5, SelfState.Draining), default));
        Assert.True(await _agent.Selves.SayAsync(Web, First, This, new SelfAnswer(2, SelfState.Draining), default));
        Assert.Equal(new InFlightWord(2, Answered: true), _agent.Selves.Counted(Web, First));
        Assert.False(await _agent.Selves.SayAsync(Web, new Incarnation(2), This, new SelfAnswer(2, SelfState.Draining), default));
    }

    [Fact]
    public async Task After_a_restart_of_the_agent_who_is_back_first_does_not_speak_for_the_others()
    {
        var time = new ManualTime();
        var desk = new SelfDesk(_agent.Names, (_, _) => ValueTask.CompletedTask, time);
        var stopping = Instance("web.0", InstancePhase.Stopping, 1) with { Counts = true };
        desk.Observe(State(stopping));
        Assert.True(await desk.SayAsync(Web, First, This, new SelfAnswer(0, SelfState.Draining), default));
        Assert.Equal(new InFlightWord(0, Answered: false), desk.Counted(Web, First));

        var other = ProcessStat.Read(1)!.Value.Identity;
        Assert.True(await desk.SayAsync(Web, First, other, new SelfAnswer(2, SelfState.Draining), default));
        time.Advance(SelfDesk.BackWithin);
        Assert.Equal(new InFlightWord(2, Answered: true), desk.Counted(Web, First));

        // What begins under this agent has nobody to wait for.
        desk = new SelfDesk(_agent.Names, (_, _) => ValueTask.CompletedTask, time);
        desk.Observe(State());
        desk.Observe(State(stopping));
        Assert.True(await desk.SayAsync(Web, First, This, new SelfAnswer(0, SelfState.Draining), default));
        Assert.Equal(new InFlightWord(0, Answered: true), desk.Counted(Web, First));
    }

    [Fact]
    public async Task The_agent_hears_that_its_instance_refuses_and_that_it_no_longer_does()
    {
        Observe(InstancePhase.Running, refuse: true);
        await SayAsync("""{"count":0,"state":"refusing"}""");
        Observe(InstancePhase.Running, counts: true, refuses: true);
        await SayAsync("""{"count":1,"state":"refusing"}""");
        await SayAsync("""{"count":0,"state":"running"}""");
        Assert.Equal([true, false], _agent.Told.OfType<AgentInput.SelfTold>().Select(t => t.Refuses));
    }

    [Fact]
    public async Task An_instance_of_several_processes_refuses_once_all_of_them_do()
    {
        using var worker = System.Diagnostics.Process.Start("sleep", "1000");
        try
        {
            Observe(InstancePhase.Running, refuse: true);
            var other = ProcessStat.Read(worker.Id)!.Value.Identity;
            Assert.True(await _agent.Selves.SayAsync(Web, First, other, new SelfAnswer(1, SelfState.Running), default));
            Assert.True(await _agent.Selves.SayAsync(Web, First, This, new SelfAnswer(0, SelfState.Refusing), default));
            Assert.All(_agent.Told.OfType<AgentInput.SelfTold>(), t => Assert.False(t.Refuses));
            Assert.True(await _agent.Selves.SayAsync(Web, First, other, new SelfAnswer(0, SelfState.Refusing), default));
            Assert.True(_agent.Told.OfType<AgentInput.SelfTold>().Last().Refuses);
        }
        finally
        {
            worker.Kill();
        }
    }

    [Fact]
    public async Task A_process_goes_by_an_epoch_once_it_hands_it_back_and_not_by_the_one_before()
    {
        Observe(InstancePhase.Running, refuse: true, epoch: 5);
        await SayAsync("""{"count":0,"state":"refusing","epoch":5}""");
        Observe(InstancePhase.Running, refuse: true, counts: true, epoch: 7, heard: 5);
        await SayAsync("""{"count":0,"state":"refusing","epoch":5}""");
        await SayAsync("""{"count":1,"state":"running","epoch":7}""");
        await SayAsync("""{"count":0,"state":"refusing","epoch":7}""");
        Assert.Equal([(true, 5L), (false, null), (true, 7L)], ToldEpochs());
    }

    [Fact]
    public async Task Of_a_process_that_does_not_know_epochs_its_state_is_believed()
    {
        Observe(InstancePhase.Running, refuse: true, epoch: 5);
        await SayAsync("""{"count":0,"state":"running"}""");
        await SayAsync("""{"count":0,"state":"refusing"}""");
        Assert.Equal([(false, null), (true, 5L)], ToldEpochs());
    }

    [Fact]
    public async Task A_word_from_before_the_first_epoch_is_no_answer_to_it()
    {
        Observe(InstancePhase.Running);
        await SayAsync("""{"count":0,"state":"running","epoch":0}""");
        Observe(InstancePhase.Running, counts: true, epoch: 6);
        await SayAsync("""{"count":0,"state":"running","epoch":0}""");
        await SayAsync("""{"count":0,"state":"running","epoch":6}""");
        Assert.Equal([(false, null), (false, 6L)], ToldEpochs());
    }

    [Fact]
    public async Task The_end_of_a_worker_that_had_not_refused_is_noticed_though_nobody_speaks()
    {
        var time = new ManualTime();
        var told = new ConcurrentQueue<AgentInput.SelfTold>();
        var desk = DeskOn(time, told);
        using var stop = new CancellationTokenSource();
        var looking = desk.RunAsync(stop.Token);
        using var worker = System.Diagnostics.Process.Start("sleep", "1000");
        try
        {
            desk.Observe(Wants(true, 5));
            var other = ProcessStat.Read(worker.Id)!.Value.Identity;
            await desk.SayAsync(Web, First, other, new SelfAnswer(1, SelfState.Running, 0), default);
            await desk.SayAsync(Web, First, This, new SelfAnswer(0, SelfState.Refusing, 5), default);
            desk.Observe(Wants(true, 5, s => s with { Counts = true }));
            Assert.All(told, t => Assert.Equal((false, null), (t.Refuses, t.Epoch)));
        }
        finally
        {
            worker.Kill();
        }

        await worker.WaitForExitAsync();
        await LookedAsync(time, () => told.Last() is { Refuses: true, Epoch: 5 });
        desk.Observe(Wants(true, 5, s => s with { Counts = true, Refuses = true, Heard = 5 }));
        await LookedAsync(time, () => time.Armed == 0);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    [Fact]
    public async Task After_a_restart_of_the_agent_the_first_worker_neither_proves_for_the_others_nor_takes_a_proof_back()
    {
        var time = new ManualTime();
        var told = new ConcurrentQueue<AgentInput.SelfTold>();
        var desk = DeskOn(time, told);
        using var stop = new CancellationTokenSource();
        var looking = desk.RunAsync(stop.Token);
        desk.Observe(Wants(true, 5, s => s with { Counts = true, Refuses = true, Heard = 5 }));
        await desk.SayAsync(Web, First, This, new SelfAnswer(0, SelfState.Refusing, 5), default);
        Assert.Empty(told);

        desk.Observe(Wants(null, 6, s => s with { Counts = true, Heard = 5, Told = true }));
        await desk.SayAsync(Web, First, This, new SelfAnswer(0, SelfState.Running, 6), default);
        Assert.Empty(told);
        await LookedAsync(time, () => time.GetTimestamp() >= SelfDesk.BackWithin.Ticks && !told.IsEmpty);
        Assert.Equal([(false, 6L)], told.Select(t => (t.Refuses, t.Epoch)));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    [Theory]
    [InlineData("""{"count":-1,"state":"draining"}""", "from 0 up")]
    [InlineData("""{"count":1,"state":"asleep"}""", "running, draining or refusing")]
    [InlineData("""{"count":1}""", "it must be")]
    [InlineData("count=1", "it must be")]
    public async Task A_word_that_is_none_is_refused_with_what_it_should_be(string body, string problem)
    {
        Observe(InstancePhase.Running);
        using var answer = await SayAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(problem, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(_agent.Selves.Counted(Web, First));
    }

    private void Observe(
        InstancePhase phase, bool? refuse = null, long incarnation = 1, bool counts = false, bool refuses = false,
        long? epoch = null, long? heard = null)
    {
        var instance = Instance("web.0", phase, incarnation);
        var state = State(instance with
        {
            Assigned = instance.Assigned with { Refuse = refuse, TrafficEpoch = epoch },
            Process = This,
            Counts = counts,
            Refuses = refuses,
            Heard = heard,
        });
        _agent.Names.Observe(state);
        _agent.Selves.Observe(state);
    }

    private IEnumerable<(bool, long?)> ToldEpochs() =>
        _agent.Told.OfType<AgentInput.SelfTold>().Select(t => (t.Refuses, t.Epoch));

    private SelfDesk DeskOn(ManualTime time, ConcurrentQueue<AgentInput.SelfTold> told) => new(
        _agent.Names,
        (input, _) =>
        {
            told.Enqueue((AgentInput.SelfTold)input);
            return ValueTask.CompletedTask;
        },
        time);

    private static AgentState Wants(bool? refuse, long? epoch, Func<InstanceState, InstanceState>? with = null)
    {
        var instance = Instance("web.0", InstancePhase.Running);
        instance = instance with { Assigned = instance.Assigned with { Refuse = refuse, TrafficEpoch = epoch } };
        return State(with is null ? instance : with(instance));
    }

    /// <summary>Time goes on, a look at a time, until it is so.</summary>
    private static Task LookedAsync(ManualTime time, Func<bool> isSo) => Eventually.TrueAsync(
        () =>
        {
            if (!isSo() && time.Armed == 1)
            {
                time.Advance(SelfDesk.LookAgainEvery);
            }

            return isSo();
        },
        "looked again");

    private async Task<HttpResponseMessage> SayAsync(string body) =>
        await _http.PostAsync("/v1/self/in_flight", new StringContent(body, Encoding.UTF8, "application/json"));
}
