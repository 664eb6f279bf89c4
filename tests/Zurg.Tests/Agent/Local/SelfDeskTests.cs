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
        Observe(InstancePhase.Stopping);
        Assert.Equal("""{"instance":"web.0","service":"web","state":"draining"}""", await reader.ReadLineAsync());
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
        Assert.True(await _agent.Selves.SayAsync(Web, First, dead, 5, SelfState.Draining, default));
        Assert.True(await _agent.Selves.SayAsync(Web, First, This, 2, SelfState.Draining, default));
        Assert.Equal(new InFlightWord(2, Answered: true), _agent.Selves.Counted(Web, First));
        Assert.False(await _agent.Selves.SayAsync(Web, new Incarnation(2), This, 2, SelfState.Draining, default));
    }

    [Fact]
    public async Task After_a_restart_of_the_agent_who_is_back_first_does_not_speak_for_the_others()
    {
        var time = new ManualTime();
        var desk = new SelfDesk(_agent.Names, (_, _) => ValueTask.CompletedTask, time);
        var stopping = Instance("web.0", InstancePhase.Stopping, 1) with { Counts = true };
        desk.Observe(State(stopping));
        Assert.True(await desk.SayAsync(Web, First, This, 0, SelfState.Draining, default));
        Assert.Equal(new InFlightWord(0, Answered: false), desk.Counted(Web, First));

        var other = ProcessStat.Read(1)!.Value.Identity;
        Assert.True(await desk.SayAsync(Web, First, other, 2, SelfState.Draining, default));
        time.Advance(SelfDesk.BackWithin);
        Assert.Equal(new InFlightWord(2, Answered: true), desk.Counted(Web, First));

        // What begins under this agent has nobody to wait for.
        desk = new SelfDesk(_agent.Names, (_, _) => ValueTask.CompletedTask, time);
        desk.Observe(State());
        desk.Observe(State(stopping));
        Assert.True(await desk.SayAsync(Web, First, This, 0, SelfState.Draining, default));
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
            Assert.True(await _agent.Selves.SayAsync(Web, First, other, 1, SelfState.Running, default));
            Assert.True(await _agent.Selves.SayAsync(Web, First, This, 0, SelfState.Refusing, default));
            Assert.All(_agent.Told.OfType<AgentInput.SelfTold>(), t => Assert.False(t.Refuses));
            Assert.True(await _agent.Selves.SayAsync(Web, First, other, 0, SelfState.Refusing, default));
            Assert.True(_agent.Told.OfType<AgentInput.SelfTold>().Last().Refuses);
        }
        finally
        {
            worker.Kill();
        }
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
        InstancePhase phase, bool? refuse = null, long incarnation = 1, bool counts = false, bool refuses = false)
    {
        var instance = Instance("web.0", phase, incarnation);
        var state = State(instance with
        {
            Assigned = instance.Assigned with { Refuse = refuse },
            Process = This,
            Counts = counts,
            Refuses = refuses,
        });
        _agent.Names.Observe(state);
        _agent.Selves.Observe(state);
    }

    private async Task<HttpResponseMessage> SayAsync(string body) =>
        await _http.PostAsync("/v1/self/in_flight", new StringContent(body, Encoding.UTF8, "application/json"));
}
