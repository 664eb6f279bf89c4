using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceStopTests
{
    private static readonly InFlightCount Nothing = new(0, InFlightBy.Sockets);
    private static readonly StopPolicy Plain = Patient with { Command = null };

    [Fact]
    public void The_command_runs_first_then_what_is_under_way_is_waited_for_then_comes_the_signal()
    {
        var told = Stopping(Patient);
        Assert.Equal(["StopProbe", "RunStopCommand"], told.Names());
        Assert.Equal(HoldReason.WaitsForStopCommand, told.State!.Hold!.Reason);
        Assert.Equal(At(20).Now, told.State.Deadline);

        var idle = Heard(told, new AgentInput.StopCommandEnded(Web, One, null), 3);
        Assert.Equal(["AwaitIdle"], idle.Names());
        Assert.Equal(20_000, Assert.Single(Assert.IsType<AgentEffect.AwaitIdle>(idle.Effects[0]).Ports));
        Assert.Equal((null, At(20).Now), (idle.State!.Hold, idle.State.Deadline));

        var signalled = Heard(idle, new AgentInput.InFlight(Web, One, Nothing), 5);
        Assert.Equal(["Signal"], signalled.Names());
        Assert.Equal((StopStage.Signal, null), (signalled.State!.Stage, signalled.State.Hold));
        Assert.Equal(At(35).Now, signalled.State.Deadline);
        Assert.Empty(signalled.Events);
    }

    [Theory]
    // Ports, counting, a drain in seconds, the host shutting down: what comes right after the decision to stop.
    [InlineData(true, false, 20, false, "AwaitIdle")]
    [InlineData(false, true, 20, false, "AwaitIdle")]
    [InlineData(false, false, 20, false, "Signal")]
    [InlineData(true, true, 0, false, "Signal")]
    [InlineData(true, true, 20, true, "Signal")]
    public void Where_there_is_nothing_to_wait_for_the_signal_comes_at_once(
        bool ports, bool counts, int drain, bool shuttingDown, string expected)
    {
        var running = Running(Plain with { Drain = TimeSpan.FromSeconds(drain) }) with { Counts = counts };
        running = ports ? running : running with { Launch = Launch() with { Ports = running.Launch!.Ports.Clear() } };
        var turn = InstanceEnd.Stop(running, "asked", At(0, shuttingDown));
        Assert.Equal(["StopProbe", expected], turn.Names());
        Assert.DoesNotContain(turn.Effects, e => e is AgentEffect.AwaitIdle { Counts: var counted } && counted != counts);
    }

    [Fact]
    public void What_is_under_way_is_shown_and_cut_when_the_drain_is_over()
    {
        var waiting = Heard(Stopping(Plain), new AgentInput.InFlight(Web, One, new InFlightCount(3, InFlightBy.Counted)), 1);
        Assert.Empty(waiting.Effects);
        Assert.Equal(HoldReason.WaitsForRequests, waiting.State!.Hold!.Reason);
        Assert.Equal(
            "3 requests are under way; waits for that to end before SIGTERM, until 00:00:20 UTC at the latest",
            waiting.State.Hold.Text);

        Assert.Empty(InstanceMachine.Settle(waiting.State, At(19)).Effects);
        var cut = InstanceMachine.Settle(waiting.State, At(20));
        Assert.Equal(["EndWait", "Signal"], cut.Names());
        Assert.Equal((EventKind.DrainCut, "3 requests were still under way when stop.drain (20 s) was over: SIGTERM now"),
            (cut.Events[0].Kind, cut.Events[0].Text));
        Assert.Equal((null, At(50).Now), (cut.State!.Hold, cut.State.Deadline));

        var exit = InstanceEnd.Stopped(cut.State, Code(0), At(21)).State!.LastExit!;
        Assert.Equal("asked; 3 requests were still under way when stop.drain (20 s) was over; exit code 0", exit.Reason);
        Assert.True(exit.Asked);
    }

    [Theory]
    [InlineData(1, InFlightBy.Counted, "1 request was still under way")]
    [InlineData(2, InFlightBy.Sockets, "2 requests were still under way")]
    [InlineData(2, InFlightBy.Connections, "2 connections to it were open")]
    [InlineData(0, InFlightBy.Unanswered, "it had not said what was under way in it")]
    public void The_exit_says_what_was_cut(int count, InFlightBy by, string expected)
    {
        var waiting = Heard(Stopping(Plain), new AgentInput.InFlight(Web, One, new InFlightCount(count, by)), 1).State!;
        Assert.StartsWith(expected, InstanceMachine.Settle(waiting, At(20)).State!.Stop!.Cut, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_hangs_is_ended_with_the_drain_and_nothing_more_is_waited_for()
    {
        var cut = InstanceMachine.Settle(Stopping(Patient).State!, At(20));
        Assert.Equal(["EndWait", "Signal"], cut.Names());
        Assert.Equal("its stop.command still ran when stop.drain (20 s) was over", cut.State!.Stop!.Cut);
    }

    [Fact]
    public void A_command_that_fails_is_told_and_holds_up_nothing()
    {
        var turn = Heard(Stopping(Patient), new AgentInput.StopCommandEnded(Web, One, "it ended with exit code 3"), 1);
        Assert.Equal(["AwaitIdle"], turn.Names());
        var told = Assert.Single(turn.Events);
        Assert.Equal((EventKind.StopCommandFailed, "it ended with exit code 3"), (told.Kind, told.Text));
    }

    [Fact]
    public void One_that_ends_by_itself_meanwhile_was_stopped_as_asked_and_gets_no_signal()
    {
        var ended = Heard(Stopping(Patient), new AgentInput.Exited(Web, One, Code(0)), 2);
        Assert.Equal(["KillTree"], ended.Names());
        Assert.Equal((true, 0, null), (ended.State!.LastExit!.Asked, ended.State.Crashes, ended.State.Hold));

        var late = Heard(ended, new AgentInput.StopCommandEnded(Web, One, null), 3);
        Assert.Empty(late.Effects);
        Assert.DoesNotContain(InstanceMachine.Settle(late.State!, At(60)).Effects, e => e is AgentEffect.Signal);
    }

    [Fact]
    public void A_late_word_of_a_wait_that_is_over_sends_no_second_signal()
    {
        var cut = InstanceMachine.Settle(Stopping(Plain).State!, At(20)).State!;
        Assert.Empty(InstanceMachine.Step(cut, new AgentInput.InFlight(Web, One, Nothing), At(21)).Effects);
        Assert.Empty(InstanceMachine.Step(cut, new AgentInput.StopCommandEnded(Web, One, "late"), At(21)).Events);
    }

    [Theory]
    [InlineData(StopStage.Command, 5, "RunStopCommand")]
    [InlineData(StopStage.InFlight, 5, "AwaitIdle")]
    [InlineData(StopStage.Signal, 5, "Signal")]
    [InlineData(null, 5, "Signal")]
    // Longer away than the drain: not waited for once more.
    [InlineData(StopStage.InFlight, 25, "AwaitIdle EndWait Signal")]
    public void A_restarted_agent_goes_on_with_the_stage_that_it_was_killed_in(StopStage? stage, int after, string expected)
    {
        var begun = InstanceAdoption.Begin(Stopping(Patient).State! with { Stage = stage }, At(after));
        Assert.Equal(["Find"], begun.Names());
        var found = Heard(begun, new AgentInput.Found(Web, One, Pid(1)), after);
        Assert.Equal(expected, string.Join(' ', found.Names()));
        if (stage is StopStage.Command or StopStage.InFlight && after < 20)
        {
            Assert.Equal(At(20).Now, found.State!.Deadline);
        }
    }

    [Fact]
    public void A_clock_that_went_back_over_a_restart_makes_no_drain_longer_than_its_limit()
    {
        var begun = InstanceAdoption.Begin(Stopping(Plain).State!, At(-1000));
        Assert.Equal(At(-980).Now, Heard(begun, new AgentInput.Found(Web, One, Pid(1)), -1000).State!.Deadline);
    }

    [Fact]
    public void A_shorter_drain_takes_effect_on_a_stop_that_waits()
    {
        var waiting = Stopping(Plain).State!;
        var shorter = waiting.Assigned with { Stop = Plain with { Drain = TimeSpan.FromSeconds(4) } };
        Assert.Equal(At(4).Now, InstanceAssign.Change(waiting, shorter, At(1)).State!.Deadline);
        var longer = waiting.Assigned with { Stop = Plain with { Drain = TimeSpan.FromSeconds(400) } };
        Assert.Equal(waiting.Deadline, InstanceAssign.Change(waiting, longer, At(1)).State!.Deadline);
    }

    /// <summary>The master says the whole truth often, and mostly it is what it was.</summary>
    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public void A_clock_that_is_set_neither_cuts_a_drain_at_the_next_word_of_the_master_nor_prolongs_it(int seconds)
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        agent.Say(Assign(2, Assigned(Web) with { Wanted = WantedPhase.Stopped, Stop = Plain }));
        Assert.Equal(StopStage.InFlight, agent.Web.Stage);
        agent.Wait(TimeSpan.FromSeconds(5));
        agent.Now += TimeSpan.FromSeconds(seconds);
        agent.Say(new AgentInput.Tick());
        agent.Say(Assign(3, Assigned(Web) with { Wanted = WantedPhase.Stopped, Stop = Plain }));
        agent.Wait(TimeSpan.FromSeconds(14));
        Assert.Equal(StopStage.InFlight, agent.Web.Stage);
        agent.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal(StopStage.Signal, agent.Web.Stage);
    }

    [Fact]
    public void A_shutdown_of_the_agent_waits_for_no_request_any_more()
    {
        Assert.Equal(["EndWait", "Signal"], InstanceAssign.ShutDown(Stopping(Plain).State!, At(1, shuttingDown: true)).Names());
        Assert.Empty(InstanceAssign.ShutDown(Stopping(Patient).State!, At(1, shuttingDown: true)).Effects);
        var command = InstanceAssign.ShutDown(Running(Patient), At(1, shuttingDown: true));
        Assert.Equal(["StopProbe", "RunStopCommand"], command.Names());
        Assert.Equal(["Signal"], InstanceMachine.Step(
            command.State!, new AgentInput.StopCommandEnded(Web, One, null), At(2, shuttingDown: true)).Names());
    }

    [Fact]
    public void An_end_that_nobody_asked_for_waits_for_nothing()
    {
        var starting = Running(Patient) with { Phase = InstancePhase.Starting };
        Assert.Equal(["StopProbe", "KillTree"], InstanceEnd.NeverReady(starting, At(1)).Names());
        Assert.Equal(["StopProbe", "KillTree"], InstanceEnd.Crashed(Running(Patient), Code(1), At(1)).Names());
    }

    private static InstanceState Running(StopPolicy stop)
    {
        var running = In(InstancePhase.Running);
        return running with { Assigned = running.Assigned with { Stop = stop } };
    }

    private static InstanceTurn Stopping(StopPolicy stop) => InstanceEnd.Stop(Running(stop), "asked", At());

    private static InstanceTurn Heard(InstanceTurn before, AgentInput.OfInstance input, double at) =>
        InstanceMachine.Step(before.State!, input, At(at));
}
