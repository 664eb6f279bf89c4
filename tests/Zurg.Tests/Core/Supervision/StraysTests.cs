using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class StraysTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly AgentDriver _agent = new();

    [Fact]
    public void What_runs_just_what_is_assigned_is_adopted_with_its_number_and_nothing_is_started()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100));
        Assert.Contains("web.0 ran on without being in it", _agent.Last.Events[0].Text, StringComparison.Ordinal);
        Assert.Empty(_agent.Last.Effects);
        _agent.Say(Assign(1, Assigned(Web)));
        Assert.Equal(Pid(100), Assert.IsType<AgentEffect.Find>(Assert.Single(_agent.Last.Effects)).Process);
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        Assert.True(Assert.IsType<AgentEffect.Probe>(Assert.Single(_agent.Last.Effects)).Eager);
        Assert.Equal([Web], _agent.State.Unproven);
        _agent.Probe(passed: true);
        Assert.Equal((new Incarnation(7), InstancePhase.Running, true), (_agent.Now0, _agent.Web.Phase, _agent.Web.Healthy));
        Assert.Empty(_agent.State.Unproven);
        Assert.Equal(_agent.Now - Hour, _agent.Web.StartedAt);
        Assert.DoesNotContain(_agent.Effects, e => e is AgentEffect.Start or AgentEffect.Signal or AgentEffect.KillTree);
        _agent.Exit(Code(1));
        _agent.Gone();
        Assert.True(_agent.Now0 > new Incarnation(7));
    }

    [Fact]
    public void Ready_was_said_long_ago_by_one_that_says_it_only_once()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100, Notify));
        _agent.Say(Assign(1, Notify));
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
    }

    [Theory]
    [InlineData(7, true)]
    [InlineData(6, false)]
    public void A_young_one_is_ready_at_once_when_the_master_knows_that_this_incarnation_was(long known, bool ready)
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100, Notify) with { Age = TimeSpan.FromSeconds(1) });
        var assigned = Assign(1, Notify);
        _agent.Say(new AgentInput.Assigned(assigned.Assignment with { Ready = [new(Web, new Incarnation(known))] }));
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        Assert.Equal(ready, AgentReport.StatusOf(_agent.Web).IsReady());
    }

    [Fact]
    public void A_young_one_of_which_nobody_knows_is_waited_for_and_counts_as_ready_when_its_time_is_over()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100, Notify) with { Age = TimeSpan.FromSeconds(15) });
        _agent.Say(Assign(1, Notify));
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        _agent.Wait(TimeSpan.FromSeconds(4));
        Assert.Equal(InstancePhase.Starting, _agent.Web.Phase);
        _agent.Wait(TimeSpan.FromSeconds(2));
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
        Assert.Contains(_agent.State.Events, e => e.Text.StartsWith("taken for ready: it has run", StringComparison.Ordinal));
        Assert.Equal((new Incarnation(7), 0), (_agent.Now0, _agent.Web.Crashes));
        Assert.DoesNotContain(_agent.Effects, e => e is AgentEffect.Signal or AgentEffect.KillTree);
    }

    [Fact]
    public void One_whose_probe_fails_when_it_is_found_is_not_ended_for_that_and_is_ready_once_it_passes()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100));
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        _agent.Probe(passed: false, "connection refused");
        _agent.Wait(Probe.StartTimeout);
        Assert.Equal((InstancePhase.Running, false), (_agent.Web.Phase, _agent.Web.Healthy));
        Assert.Equal(HoldReason.ProbeFailing, _agent.Web.ShownHold!.Reason);
        Assert.Contains("connection refused", _agent.Web.ShownHold.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(_agent.Effects, e => e is AgentEffect.Signal or AgentEffect.KillTree);
        _agent.Probe(passed: true);
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
        Assert.Null(_agent.Web.ShownHold);
    }

    [Fact]
    public void What_runs_something_else_is_stopped_with_its_grace_before_it_is_followed()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100, Assigned(Web, "0.9.0")));
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Found(Web, new Incarnation(7), Pid(100)));
        Assert.Equal("TERM", Assert.IsType<AgentEffect.Signal>(Assert.Single(_agent.Last.Effects)).Name);
        _agent.Exit(Code(0));
        Assert.DoesNotContain(_agent.Effects, e => e is AgentEffect.Prepare);
        _agent.Gone();
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
    }

    [Fact]
    public void What_nobody_assigned_is_stopped_and_forgotten()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100));
        _agent.Say(Assign(1));
        _agent.Say(new AgentInput.Found(Web, new Incarnation(7), Pid(100)));
        Assert.IsType<AgentEffect.AwaitIdle>(Assert.Single(_agent.Last.Effects));
        _agent.Say(new AgentInput.InFlight(Web, new Incarnation(7), new InFlightCount(0, InFlightBy.Sockets)));
        Assert.IsType<AgentEffect.Signal>(Assert.Single(_agent.Last.Effects));
        _agent.Exit(Code(0));
        _agent.Gone();
        Assert.Empty(_agent.State.Instances);
    }

    [Fact]
    public void Children_without_their_main_process_are_killed_before_anything_follows()
    {
        _agent.RestartWithoutJournal(Of(7, pid: null));
        _agent.Say(Assign(1, Assigned(Web)));
        Assert.Equal(new Incarnation(7), Assert.IsType<AgentEffect.KillTree>(Assert.Single(_agent.Last.Effects)).Incarnation);
        _agent.Say(new AgentInput.TreeGone(Web, new Incarnation(7)));
        Assert.IsType<AgentEffect.Prepare>(_agent.Last.Effects[^1]);
    }

    [Fact]
    public void Of_several_the_newest_stays_and_the_others_are_killed()
    {
        _agent.RestartWithoutJournal(Of(6, pid: 99), Of(7, pid: 100));
        Assert.Equal(Pid(99), Assert.IsType<AgentEffect.KillTree>(Assert.Single(_agent.Last.Effects)).Process);
        _agent.Say(Assign(1, Assigned(Web)));
        Assert.Equal(Pid(100), Assert.IsType<AgentEffect.Find>(Assert.Single(_agent.Last.Effects)).Process);
    }

    [Fact]
    public void A_journal_that_was_put_back_from_a_backup_does_not_start_a_second_one()
    {
        // It knows the incarnation before, and the assignment.
        _agent.RunWeb();
        var old = _agent.Now0;
        _agent.Restart(Of(old.Value + 5, pid: 105));
        Assert.Equal(Pid(105), Assert.IsType<AgentEffect.Find>(Assert.Single(_agent.Last.Effects)).Process);
        Assert.Equal(old.Value + 5, _agent.Now0.Value);
        Assert.True(_agent.State.LastIncarnation >= _agent.Now0);
    }

    [Fact]
    public void One_of_before_what_the_journal_knows_is_killed()
    {
        _agent.RunWeb();
        var known = _agent.Now0;
        _agent.Restart(Of(known.Value, pid: 100), Of(known.Value - 1, pid: 90));
        Assert.Equal(Pid(90), Assert.Single(_agent.Last.Effects.OfType<AgentEffect.KillTree>()).Process);
        Assert.Equal(Pid(100), Assert.Single(_agent.Last.Effects.OfType<AgentEffect.Find>()).Process);
        Assert.Equal(known, _agent.Now0);
        Assert.Empty(_agent.State.Strays);
    }

    [Fact]
    public void Output_that_nobody_can_read_is_told()
    {
        _agent.RestartWithoutJournal(Of(7, pid: 100) with { OutputIsLost = true });
        _agent.Say(Assign(1, Assigned(Web)));
        Assert.Contains("deleted file until zurg restart web.0", _agent.Last.Events[0].Text, StringComparison.Ordinal);
    }

    private static readonly AssignedInstance Notify =
        Assigned(Web, Assigned(Web).Spec with { Probe = Probe with { Kind = ProbeKind.Notify, Port = null } });

    private static Stray Of(long incarnation, int? pid, AssignedInstance? runs = null) => new(
        Web, new Incarnation(incarnation), pid is { } known ? Pid(known) : null, Hour, (runs ?? Assigned(Web)).SpecDigest,
        Launch(), OutputIsLost: false);
}
