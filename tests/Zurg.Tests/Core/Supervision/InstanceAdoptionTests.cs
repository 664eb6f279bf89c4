using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceAdoptionTests
{
    private readonly AgentDriver _agent = new();

    [Fact]
    public void A_process_that_runs_is_adopted_untouched_and_stays_ready()
    {
        _agent.RunWeb();
        var before = _agent.Web;
        _agent.Restart();
        Assert.Equal(Pid(100), Assert.IsType<AgentEffect.Find>(Assert.Single(_agent.Last.Effects)).Process);
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        Assert.False(Assert.IsType<AgentEffect.Probe>(Assert.Single(_agent.Last.Effects)).Eager);
        Assert.Equal((before.Incarnation, before.Phase, true, before.Crashes),
            (_agent.Web.Incarnation, _agent.Web.Phase, _agent.Web.Healthy, _agent.Web.Crashes));
        Assert.Equal(EventKind.InstanceAdopted, Assert.Single(_agent.Last.Events).Kind);
        Assert.Empty(_agent.State.Sought);
    }

    [Theory]
    [InlineData(ProbeKind.Notify, true)]
    [InlineData(ProbeKind.Tcp, false)]
    public void What_was_starting_may_have_said_that_it_is_ready_to_nobody_and_is_not_ended_for_it(ProbeKind kind, bool lives)
    {
        _agent.Say(Assign(1, Assigned(Web, Assigned(Web).Spec with { Probe = Probe with { Kind = kind } })));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        _agent.Wait(TimeSpan.FromSeconds(12));
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        _agent.Wait(TimeSpan.FromSeconds(9));

        // Of what it says once its own age counts; what can be asked again has its whole time anew.
        Assert.Equal(lives, AgentReport.StatusOf(_agent.Web).IsReady());
        _agent.Wait(TimeSpan.FromSeconds(12));
        Assert.Equal(!lives, _agent.Effects.Any(e => e is AgentEffect.KillTree));
    }

    [Fact]
    public void One_that_died_meanwhile_is_cleared_away_and_started_again()
    {
        _agent.RunWeb();
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, null));
        Assert.Contains(_agent.Last.Effects, e => e is AgentEffect.KillTree);
        _agent.Gone();
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
        Assert.Equal("ended while no agent watched it, so nobody knows its exit code", _agent.Web.LastExit!.Reason);
    }

    [Fact]
    public void One_that_died_meanwhile_is_recorded_as_the_kernel_still_tells_it()
    {
        _agent.RunWeb();
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, null, Code(7) with { Unwatched = true }));
        Assert.Equal((7, true), (_agent.Web.LastExit!.Code, _agent.Web.LastExit.Unwatched));
        Assert.Equal("exit code 7 while no agent watched it", _agent.Web.LastExit.Reason);
        Assert.StartsWith(
            "exit code 7 while no agent watched it; it ran at most ", _agent.Last.Events[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reboot_is_no_crash_and_what_ran_before_is_started_at_once()
    {
        _agent.RunWeb();
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, null, null, Rebooted: true));
        _agent.Gone();
        Assert.Equal((InstancePhase.Preparing, 0), (_agent.Web.Phase, _agent.Web.Crashes));
        Assert.Contains("its host, which was started anew", _agent.Web.StartReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_whose_pid_the_journal_never_learned_is_looked_for()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Restart();
        Assert.Null(Assert.IsType<AgentEffect.Find>(Assert.Single(_agent.Last.Effects)).Process);
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(7)));
        Assert.Equal(Pid(7), _agent.Web.Process);
        _agent.Probe(passed: true);
        Assert.Equal(InstancePhase.Running, _agent.Web.Phase);
    }

    [Fact]
    public void A_start_that_cannot_be_found_is_no_crash()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, null));
        Assert.IsType<AgentEffect.KillTree>(Assert.Single(_agent.Last.Effects));
        _agent.Gone();
        Assert.Equal((InstancePhase.Preparing, 0, null), (_agent.Web.Phase, _agent.Web.Crashes, _agent.Web.LastExit));
    }

    [Fact]
    public void What_was_being_prepared_is_prepared_again_as_a_new_incarnation()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        var incarnation = _agent.Now0;
        _agent.Restart();
        Assert.True(Assert.IsType<AgentEffect.Prepare>(Assert.Single(_agent.Last.Effects)).Incarnation > incarnation);
    }

    [Fact]
    public void What_was_being_stopped_is_signalled_again_with_its_whole_grace()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2));
        _agent.Wait(TimeSpan.FromSeconds(20));
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        Assert.IsType<AgentEffect.Signal>(Assert.Single(_agent.Last.Effects));
        Assert.Equal(_agent.Now + Stop.Grace, _agent.Web.Deadline);
    }

    [Fact]
    public void What_was_being_killed_is_killed_again()
    {
        _agent.RunWeb();
        _agent.Exit(Code(1));
        _agent.Restart();
        Assert.IsType<AgentEffect.KillTree>(Assert.Single(_agent.Last.Effects));
        Assert.Empty(_agent.State.Sought);
        _agent.Gone();
        Assert.Equal("exit code 1", _agent.Web.LastExit!.Reason);
    }

    [Fact]
    public void A_backoff_written_by_a_clock_far_ahead_is_cut_to_the_longest_delay()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.PrepareFailed(Web, _agent.Now0, Held));
        _agent.Now -= TimeSpan.FromDays(365);
        _agent.Restart();
        _agent.Wait(Restart.MaxDelay);
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
    }
}
