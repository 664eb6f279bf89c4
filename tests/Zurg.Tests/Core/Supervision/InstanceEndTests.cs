using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceEndTests
{
    private static readonly InstanceState Running = In(InstancePhase.Running);

    [Fact]
    public void A_stop_withdraws_it_ends_its_probe_and_gives_it_the_grace()
    {
        var turn = InstanceEnd.Stop(Running with { Hold = Held }, "stopped on request", At(1));
        Assert.Equal(["StopProbe", "Signal"], turn.Names());
        Assert.Equal((false, null), (turn.State!.Healthy, turn.State.Hold));
        Assert.Equal(At(1).Now + Running.Assigned.Stop.Grace, turn.State.Deadline);
        Assert.Equal("TERM", Assert.IsType<AgentEffect.Signal>(turn.Effects[1]).Name);
    }

    [Fact]
    public void Without_a_probe_or_a_process_there_is_none_to_stop_asking()
    {
        Assert.Equal(["Signal"], InstanceEnd.Stop(In(InstancePhase.Running, probe: false), "asked", At(1)).Names());
        var unborn = In(InstancePhase.Starting) with { Process = null, StartedAt = null };
        Assert.Empty(InstanceEnd.Stop(unborn, "asked", At(1)).Effects);
    }

    [Fact]
    public void A_crash_is_counted_and_its_tree_is_killed_before_anything_follows()
    {
        var turn = InstanceEnd.Crashed(Running, Code(3), At(4));
        Assert.Equal(["StopProbe", "KillTree"], turn.Names());
        Assert.Equal((InstancePhase.Stopping, 1), (turn.State!.Phase, turn.State.Crashes));
        Assert.Equal(At(4).Now, Assert.Single(turn.State.RecentCrashes));
        Assert.Equal(At(4).Now + InstanceEnd.KillPatience, turn.State.Deadline);
        var exit = turn.State.LastExit!;
        Assert.Equal((3, false, TimeSpan.FromSeconds(4)), (exit.Code, exit.Asked, exit.Ran));
    }

    [Fact]
    public void An_end_that_was_asked_for_is_no_crash()
    {
        var stopping = InstanceEnd.Stop(Running, "stopped on request", At(1)).State!;
        var ended = InstanceEnd.Stopped(stopping, Code(0), At(2));
        Assert.Equal((0, true), (ended.State!.Crashes, ended.State.LastExit!.Asked));
        Assert.Empty(ended.State.RecentCrashes);
    }

    [Fact]
    public void One_that_is_being_killed_is_not_killed_again()
    {
        var killed = InstanceEnd.Kill(InstanceEnd.Stop(Running, "asked", At(1)).State!, At(31)).State!;
        Assert.Equal(At(31).Now, killed.KilledAt);
        Assert.Empty(InstanceEnd.Stopped(killed, Killed(9), At(32)).Effects);
    }

    [Fact]
    public void A_clock_that_went_back_makes_no_negative_time() =>
        Assert.Equal(TimeSpan.Zero, InstanceEnd.Crashed(Running, Code(1), At(-5)).State!.LastExit!.Ran);

    [Fact]
    public void The_first_end_is_followed_at_once_the_second_one_after_the_delay()
    {
        var first = InstanceEnd.TreeGone(InstanceEnd.Crashed(Running, Code(3), At(4)).State!, At(5)).State!;
        Assert.Equal((InstancePhase.Waiting, null, null), (first.Phase, first.NotBefore, first.Hold));
        var again = Running with { RecentCrashes = [Start] };
        var second = InstanceEnd.TreeGone(InstanceEnd.Crashed(again, Code(3), At(4)).State!, At(5)).State!;
        Assert.Equal(HoldReason.BackingOff, second.Hold!.Reason);
        Assert.InRange(second.NotBefore!.Value - At(5).Now, Restart.Delay * 0.75, Restart.Delay);
    }

    [Fact]
    public void What_is_not_wanted_any_more_does_not_back_off()
    {
        var again = Running with { RecentCrashes = [Start], Assigned = Running.Assigned with { Wanted = WantedPhase.Stopped } };
        var next = InstanceEnd.TreeGone(InstanceEnd.Crashed(again, Code(3), At(4)).State!, At(5)).State!;
        Assert.Equal((null, null), (next.NotBefore, next.Hold));
    }

    [Fact]
    public void A_start_that_failed_frees_its_ports_and_is_tried_again_later_each_time()
    {
        var turn = InstanceEnd.Retry(In(InstancePhase.Preparing) with { FailedStarts = 2 }, Held, At(1));
        Assert.Equal(["ReleasePorts"], turn.Names());
        Assert.Equal((InstancePhase.Waiting, 3), (turn.State!.Phase, turn.State.FailedStarts));
        Assert.Equal(new Incarnation(2), turn.State.Incarnation);
        Assert.InRange(turn.State.NotBefore!.Value - At(1).Now, Restart.Delay * 3, Restart.Delay * 4);
        Assert.Equal((Held.Text, Web, Host), (turn.State.Hold!.Text, turn.State.Hold.Instance, turn.State.Hold.Host));
    }

    [Fact]
    public void One_that_leaves_is_forgotten_and_one_that_ends_with_its_agent_stays_stopped()
    {
        var gone = InstanceEnd.Crashed(Running, Code(0), At(1)).State!;
        var left = InstanceEnd.TreeGone(gone with { Leaving = true }, At(2));
        Assert.Null(left.State);
        Assert.Equal(["ReleasePorts", "Forget"], left.Names());
        var shut = InstanceEnd.TreeGone(gone, At(2, shuttingDown: true)).State!;
        Assert.Equal((InstancePhase.Stopped, null, null), (shut.Phase, shut.Process, shut.Launch));
    }

    [Theory]
    [InlineData(true, "pid 1 or a child of it")]
    [InlineData(false, "a process of it")]
    public void One_that_survives_a_kill_holds_its_instance_without_a_deadline(bool hasProcess, string who)
    {
        var stopping = In(InstancePhase.Stopping) with { Process = hasProcess ? Pid(1) : null, Deadline = At(1).Now };
        var turn = InstanceEnd.DoesNotDie(stopping, At(2));
        Assert.Equal((HoldReason.DoesNotDie, null), (turn.State!.Hold!.Reason, turn.State.Deadline));
        Assert.StartsWith(who, turn.State.Hold.Text, StringComparison.Ordinal);
    }
}
