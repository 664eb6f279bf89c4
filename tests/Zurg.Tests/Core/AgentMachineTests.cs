using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core;

public sealed class AgentMachineTests
{
    private readonly AgentDriver _agent = new();

    [Fact]
    public void An_instance_is_ready_only_when_its_probe_has_passed()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        Assert.IsType<AgentEffect.Prepare>(Assert.Single(_agent.Last.Effects));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        Assert.IsType<AgentEffect.Start>(Assert.Single(_agent.Last.Effects));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        Assert.True(Assert.IsType<AgentEffect.Probe>(Assert.Single(_agent.Last.Effects)).Eager);
        Assert.False(AgentReport.StatusOf(_agent.Web).IsReady());
        _agent.Probe(passed: true);
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
        Assert.False(Assert.IsType<AgentEffect.Probe>(Assert.Single(_agent.Last.Effects)).Eager);
    }

    [Fact]
    public void Without_a_probe_it_is_ready_once_it_has_run_for_a_second()
    {
        _agent.Say(Assign(1, Assigned(Web, probe: false)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        Assert.False(AgentReport.StatusOf(_agent.Web).IsReady());
        Assert.Empty(_agent.Last.Effects);
        _agent.Wait(TimeSpan.FromSeconds(1));
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
    }

    [Fact]
    public void Without_a_probe_what_exits_at_once_was_never_ready()
    {
        _agent.Say(Assign(1, Assigned(Web, probe: false)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        _agent.Exit(Code(3));
        Assert.DoesNotContain(_agent.State.Events, e => e.Kind == EventKind.InstanceReady);
    }

    [Fact]
    public void An_exit_withdraws_it_at_once_and_its_successor_waits_for_the_tree()
    {
        _agent.RunWeb();
        var first = _agent.Now0;
        _agent.Exit(Code(1));
        Assert.False(AgentReport.StatusOf(_agent.Web).IsReady());
        Assert.True(_agent.Last.ReportNow);
        Assert.Equal(["StopProbe", "KillTree"], _agent.Last.Effects.Select(e => e.GetType().Name));
        _agent.Gone();
        Assert.Equal(["ReleasePorts", "Prepare"], _agent.Last.Effects.Select(e => e.GetType().Name));
        Assert.True(_agent.Now0 > first);
        Assert.Equal(("exit code 1", false, 1), (_agent.Web.LastExit!.Reason, _agent.Web.LastExit.Asked, _agent.Web.Crashes));
    }

    [Fact]
    public void Too_many_restarts_hold_it_and_say_what_to_do()
    {
        _agent.RunWeb();
        for (var end = 0; end < 11; end++)
        {
            Assert.Equal(InstancePhase.Running, _agent.Web.Phase);
            _agent.Exit(Code(7));
            _agent.Gone();
            if (end < 10)
            {
                _agent.Wait(TimeSpan.FromSeconds(end == 0 ? 0 : 31));
                _agent.StartWeb();
            }
        }

        var hold = _agent.Web.ShownHold!;
        Assert.Equal(HoldReason.TooManyRestarts, hold.Reason);
        Assert.Contains("11 times within 10 min, the last time: exit code 7", hold.Text, StringComparison.Ordinal);
        Assert.Equal("zurg restart web (after looking at zurg logs web.0)", hold.Mend);
        _agent.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(InstancePhase.Waiting, _agent.Web.Phase);
        _agent.Say(Assign(2, Assigned(Web) with { Restarts = 1 }));
        Assert.Equal((InstancePhase.Preparing, null), (_agent.Web.Phase, _agent.Web.ShownHold));
    }

    [Fact]
    public void A_held_instance_tries_again_when_the_window_has_moved_on()
    {
        _agent.RunWeb(Assigned(Web) with { Restart = Restart with { Attempts = 0, Window = TimeSpan.FromSeconds(60) } });
        _agent.Exit(Code(1));
        _agent.Gone();
        Assert.Equal(HoldReason.TooManyRestarts, _agent.Web.ShownHold!.Reason);
        _agent.Wait(TimeSpan.FromSeconds(59));
        Assert.Equal(InstancePhase.Waiting, _agent.Web.Phase);
        _agent.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
    }

    [Fact]
    public void A_new_spec_stops_what_runs_and_starts_the_new_one_when_all_of_it_is_gone()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2, Assigned(Web, "2.0.0")));
        Assert.False(AgentReport.StatusOf(_agent.Web).IsReady());
        Assert.Equal("TERM", _agent.Last.Effects.OfType<AgentEffect.Signal>().Single().Name);
        _agent.Exit(Code(0));
        _agent.Gone();
        Assert.Equal("2.0.0", _agent.Last.Effects.OfType<AgentEffect.Prepare>().Single().Assigned.Spec.Release.Version.Value);
        Assert.Equal(("stopped for web@2.0.0; exit code 0", true, 0),
            (_agent.Web.LastExit!.Reason, _agent.Web.LastExit.Asked, _agent.Web.Crashes));
    }

    [Fact]
    public void A_changed_policy_touches_nothing_that_runs()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2, Assigned(Web) with { Stop = Stop with { Signal = "INT" } }));
        Assert.Empty(_agent.Last.Effects);
        Assert.True(AgentReport.StatusOf(_agent.Web).IsReady());
        _agent.Say(Assign(3));
        Assert.Equal("INT", _agent.Last.Effects.OfType<AgentEffect.Signal>().Single().Name);
    }

    [Fact]
    public void What_the_hands_met_is_an_event_and_nothing_else()
    {
        _agent.RunWeb();
        var before = _agent.State;
        _agent.Say(new AgentInput.Happened(EventKind.InstanceChanged, Web, "somebody edited a.conf"));
        var told = Assert.Single(_agent.Last.Events);
        Assert.Equal((Web, before.LastEvent + 1, "somebody edited a.conf"), (told.Instance, told.Id, told.Text));
        Assert.Equal((Web.Service, Host), (told.Service, told.Host));
        Assert.True(_agent.Last.ReportNow);
        Assert.Empty(_agent.Last.Effects);
        Assert.Equal(before.Instances, _agent.State.Instances);
    }

    [Fact]
    public void An_older_generation_changes_nothing()
    {
        _agent.Say(Assign(5, Assigned(Web)));
        var before = _agent.State;
        _agent.Say(Assign(4));
        Assert.Equal(before, _agent.State);
        Assert.True(_agent.Last.IsEmpty);
    }

    [Fact]
    public void What_is_not_assigned_stops_and_is_forgotten()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2));
        Assert.Equal(InstancePhase.Stopping, _agent.Web.Phase);
        _agent.Exit(Killed(15));
        _agent.Gone();
        Assert.Empty(_agent.State.Instances);
        Assert.Equal(["ReleasePorts", "Forget"], _agent.Last.Effects.Select(e => e.GetType().Name));
        _agent.Say(Assign(3, Assigned(Web)));
        Assert.Equal(2, _agent.Now0.Value);
    }

    [Fact]
    public void A_stopped_instance_keeps_its_place_and_starts_again_when_asked()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2, Assigned(Web) with { Wanted = WantedPhase.Stopped }));
        _agent.Exit(Code(0));
        _agent.Gone();
        Assert.Equal(InstancePhase.Waiting, _agent.Web.Phase);
        _agent.Wait(TimeSpan.FromMinutes(5));
        Assert.Equal(InstancePhase.Waiting, _agent.Web.Phase);
        _agent.Say(Assign(3, Assigned(Web)));
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
    }

    [Fact]
    public void At_the_end_of_the_grace_the_tree_is_killed_and_one_that_does_not_die_is_said()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2, Assigned(Web, "2.0.0")));
        _agent.Wait(TimeSpan.FromSeconds(29));
        Assert.DoesNotContain(_agent.Effects, e => e is AgentEffect.KillTree);
        _agent.Wait(TimeSpan.FromSeconds(1));
        Assert.IsType<AgentEffect.KillTree>(Assert.Single(_agent.Last.Effects));
        _agent.Wait(TimeSpan.FromMinutes(5));
        Assert.Equal(HoldReason.DoesNotDie, _agent.Web.ShownHold!.Reason);
        Assert.Contains("pid 100", _agent.Web.ShownHold.Text, StringComparison.Ordinal);
        Assert.Single(_agent.Effects.OfType<AgentEffect.Prepare>());
        _agent.Exit(Killed(9));
        _agent.Gone();
        Assert.Equal(2, _agent.Effects.OfType<AgentEffect.Prepare>().Count());
        Assert.Equal(
            "stopped for web@2.0.0; it still ran when the grace was over, so it was killed", _agent.Web.LastExit!.Reason);
    }

    [Fact]
    public void A_stop_before_the_pid_is_known_waits_for_it()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(Assign(2));
        Assert.Empty(_agent.Last.Effects);
        _agent.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(InstancePhase.Stopping, _agent.Web.Phase);
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        Assert.IsType<AgentEffect.Signal>(Assert.Single(_agent.Last.Effects));
    }

    [Fact]
    public void Failures_in_a_row_make_it_unready_and_one_pass_makes_it_ready()
    {
        _agent.RunWeb();
        _agent.Probe(passed: false, "answered 503");
        _agent.Probe(passed: false, "answered 503");
        Assert.True(_agent.Web.Healthy);
        _agent.Probe(passed: false, "connection refused");
        Assert.False(_agent.Web.Healthy);
        Assert.Equal(HoldReason.ProbeFailing, _agent.Web.ShownHold!.Reason);
        Assert.Equal("its probe fails: connection refused", _agent.Web.ShownHold.Text);
        _agent.Probe(passed: true);
        Assert.Equal((true, null), (_agent.Web.Healthy, _agent.Web.ShownHold));
        Assert.DoesNotContain(_agent.Effects, e => e is AgentEffect.Signal or AgentEffect.KillTree);
    }

    [Fact]
    public void One_that_was_never_ready_shows_what_its_probe_hears_once_most_services_would_have_answered()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        _agent.Probe(passed: false, "connection refused");
        Assert.Null(_agent.Web.ShownHold);
        _agent.Wait(InstanceHealth.StartPatience);
        _agent.Probe(passed: false, "connection refused");
        Assert.Equal(
            (HoldReason.ProbeFailing, "its probe has not passed yet: connection refused"),
            (_agent.Web.ShownHold!.Reason, _agent.Web.ShownHold.Text));
        _agent.Probe(passed: true);
        Assert.Equal((true, null), (_agent.Web.Healthy, _agent.Web.ShownHold));
    }

    [Fact]
    public void One_that_is_never_ready_is_killed_and_counts_as_a_crash()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        _agent.Probe(passed: false, "connection refused");
        _agent.Wait(TimeSpan.FromSeconds(20));
        Assert.IsType<AgentEffect.KillTree>(_agent.Last.Effects[^1]);
        _agent.Exit(Killed(9));
        _agent.Gone();
        Assert.Equal("not ready within 20 s (connection refused), so it was killed", _agent.Web.LastExit!.Reason);
        Assert.Equal((1, false), (_agent.Web.Crashes, _agent.Web.LastExit.Asked));
    }

    [Fact]
    public void Other_template_changes_signal_or_are_only_told_and_a_held_one_is_shown()
    {
        _agent.RunWeb();
        _agent.Say(
            new AgentInput.TemplateChanged(Web, _agent.Now0, new TemplateSpec("a.hbs", "a.conf", TemplateThen.Reload, "HUP")));
        _agent.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal("HUP", Assert.Single(_agent.Effects.OfType<AgentEffect.Reload>()).Name);
        _agent.Say(new AgentInput.TemplateChanged(Web, _agent.Now0, new TemplateSpec("a.hbs", "a.conf", TemplateThen.Nothing)));
        Assert.Empty(_agent.Last.Effects);
        Assert.Equal(EventKind.InstanceChanged, Assert.Single(_agent.Last.Events).Kind);
        _agent.Say(new AgentInput.TemplateHeld(Web, _agent.Now0, new Hold(HoldReason.TemplateFailed, "a.hbs: no such setting")));
        Assert.Equal((HoldReason.TemplateFailed, true), (_agent.Web.ShownHold!.Reason, _agent.Web.Healthy));
        _agent.Say(new AgentInput.TemplateHeld(Web, _agent.Now0, null));
        Assert.Null(_agent.Web.ShownHold);
    }

    [Fact]
    public void A_port_that_cannot_be_listened_on_is_shown_and_outlives_the_incarnation()
    {
        _agent.RunWeb();
        _agent.Say(new AgentInput.UsesHeld(Web, _agent.Now0, new Hold(HoldReason.PortUnavailable, "9981 is taken")));
        Assert.Equal((HoldReason.PortUnavailable, true), (_agent.Web.ShownHold!.Reason, _agent.Web.Healthy));
        _agent.Say(new AgentInput.Exited(Web, _agent.Now0, Code(1)));
        _agent.Say(new AgentInput.TreeGone(Web, _agent.Now0));
        Assert.Equal("9981 is taken", _agent.Web.ShownHold!.Text);
        _agent.Say(new AgentInput.UsesHeld(Web, _agent.Now0, null));
        Assert.Null(_agent.Web.ShownHold);
    }

    [Fact]
    public void What_is_not_understood_holds_that_one_instance_and_leaves_what_runs()
    {
        var other = InstanceId.Wrap("api.0");
        var novel = Assigned(Web).Spec with { Probe = Probe with { Kind = ProbeKind.Unknown } };
        _agent.RunWeb();
        _agent.Say(Assign(2, Assigned(other), Assigned(Web, novel)));
        Assert.Equal((true, HoldReason.NotUnderstood), (_agent.Web.Healthy, _agent.Web.ShownHold!.Reason));
        Assert.Equal(other, Assert.IsType<AgentEffect.Prepare>(Assert.Single(_agent.Last.Effects)).Assigned.Instance);
        _agent.Say(Assign(3, Assigned(Web)));
        Assert.Null(_agent.Web.ShownHold);
    }

    [Fact]
    public void A_new_instance_that_is_not_understood_is_not_started()
    {
        _agent.Say(Assign(1, Assigned(Web) with { Wanted = WantedPhase.Unknown }));
        Assert.Empty(_agent.Last.Effects);
        Assert.Equal((InstancePhase.Waiting, HoldReason.NotUnderstood), (_agent.Web.Phase, _agent.Web.ShownHold!.Reason));
    }

    [Fact]
    public void A_shutdown_ends_everything_and_the_next_agent_starts_it_again()
    {
        _agent.RunWeb();
        _agent.Say(new AgentInput.ShutDown());
        Assert.False(_agent.State.IsDown);
        _agent.Exit(Code(0));
        _agent.Gone();
        Assert.True(_agent.State.IsDown);
        _agent.Restart();
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
    }

    [Fact]
    public void Events_are_numbered_kept_and_dropped_and_their_number_never_comes_twice()
    {
        _agent.RunWeb();
        var numbers = _agent.Commits.SelectMany(c => c.Events).Select(e => e.Id).ToArray();
        Assert.Equal(numbers.Order().Distinct(), numbers);
        _agent.Say(new AgentInput.EventsKept(numbers[^1]));
        Assert.Empty(_agent.State.Events);
        _agent.Restart();
        Assert.All(_agent.Last.Events, e => Assert.True(e.Id > numbers[^1]));
    }

    [Fact]
    public void Events_that_no_master_keeps_are_bounded()
    {
        _agent.RunWeb();
        for (var i = 0; i < AgentState.EventsMax; i++)
        {
            _agent.Say(
                new AgentInput.TemplateChanged(Web, _agent.Now0, new TemplateSpec("a.hbs", "a.conf", TemplateThen.Nothing)));
        }

        Assert.InRange(_agent.State.Events.Count, AgentState.EventsMax - AgentState.EventsDroppedAtOnce, AgentState.EventsMax);
        Assert.Equal(HostReport.EventsMax, AgentReport.Of(_agent.State, 1).Events.Length);

        // The oldest went, all at once, and that is told where the newest are.
        var dropped = Assert.Single(_agent.State.Events, e => e.Kind == EventKind.EventsDropped);
        Assert.StartsWith("1001 events of 2030-01-01", dropped.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(_agent.State.Events, e => e.Kind == EventKind.AgentStarted);
    }

    [Fact]
    public void Only_assignments_and_reserved_incarnations_must_reach_the_disk()
    {
        _agent.Say(Assign(1, Assigned(Web), Assigned(InstanceId.Wrap("web.1"))));
        Assert.True(_agent.Last.Durable);
        var before = _agent.Commits.Count;
        _agent.StartWeb();
        _agent.Exit(new ProcessExit(Code: 1, Signal: null, CoreDumped: false, PeakMemory: null, CpuTime: null));
        _agent.Gone();
        Assert.DoesNotContain(_agent.Commits.Skip(before), c => c.Durable);
        Assert.True(_agent.State.LastIncarnation < _agent.State.IncarnationsReserved);
    }
}
