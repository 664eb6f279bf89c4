using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceAssignTests
{
    private static readonly AssignedInstance Newer = Assigned(Web, "2.0.0");

    [Theory]
    [InlineData(InstancePhase.Waiting, "Forget")]
    [InlineData(InstancePhase.Stopped, "Forget")]
    [InlineData(InstancePhase.Preparing, "ReleasePorts Forget")]
    [InlineData(InstancePhase.Starting, "StopProbe Signal")]
    [InlineData(InstancePhase.Running, "StopProbe Signal")]
    [InlineData(InstancePhase.Stopping, "")]
    [InlineData(InstancePhase.Unknown, "")]
    public void What_is_no_longer_assigned_ends_by_its_phase_and_is_forgotten(InstancePhase phase, string effects)
    {
        var turn = InstanceAssign.Leave(In(phase) with { NotUnderstood = Held }, At(1));
        Assert.Equal(effects, string.Join(' ', turn.Names()));
        Assert.True(turn.State is null or { Leaving: true, NotUnderstood: null });
        Assert.Equal(effects.EndsWith("Forget", StringComparison.Ordinal), turn.State is null);
    }

    [Theory]
    [InlineData(InstancePhase.Waiting, InstancePhase.Stopped, "")]
    [InlineData(InstancePhase.Preparing, InstancePhase.Stopped, "ReleasePorts")]
    [InlineData(InstancePhase.Starting, InstancePhase.Stopping, "StopProbe Signal")]
    [InlineData(InstancePhase.Running, InstancePhase.Stopping, "StopProbe Signal")]
    [InlineData(InstancePhase.Stopping, InstancePhase.Stopping, "")]
    [InlineData(InstancePhase.Stopped, InstancePhase.Stopped, "")]
    public void A_shutdown_ends_each_phase_and_repeats_nothing(InstancePhase phase, InstancePhase then, string effects)
    {
        var turn = InstanceAssign.ShutDown(In(phase), At(1, shuttingDown: true));
        Assert.Equal((then, effects), (turn.State!.Phase, string.Join(' ', turn.Names())));
    }

    [Theory]
    [InlineData(InstancePhase.Waiting, InstancePhase.Waiting, "")]
    [InlineData(InstancePhase.Preparing, InstancePhase.Waiting, "ReleasePorts")]
    [InlineData(InstancePhase.Starting, InstancePhase.Stopping, "StopProbe Signal")]
    [InlineData(InstancePhase.Running, InstancePhase.Stopping, "StopProbe Signal")]
    [InlineData(InstancePhase.Stopping, InstancePhase.Stopping, "")]
    [InlineData(InstancePhase.Stopped, InstancePhase.Stopped, "")]
    public void A_new_spec_ends_what_the_old_one_began(InstancePhase phase, InstancePhase then, string effects)
    {
        var turn = InstanceAssign.Change(In(phase), Newer, At(1));
        Assert.Equal((then, effects), (turn.State!.Phase, string.Join(' ', turn.Names())));
        Assert.Equal(Newer, turn.State.Assigned);
    }

    [Fact]
    public void What_counted_against_the_old_spec_does_not_count_against_the_new_one()
    {
        var waiting = In(InstancePhase.Waiting) with
        {
            RecentCrashes = [Start], FailedStarts = 3, NotBefore = At(60).Now, Hold = Held,
        };
        var next = InstanceAssign.Change(waiting, Newer, At(1)).State!;
        Assert.Empty(next.RecentCrashes);
        Assert.Equal((0, null, null), (next.FailedStarts, next.NotBefore, next.Hold));
    }

    [Fact]
    public void A_changed_policy_keeps_the_wait_and_what_counted()
    {
        var waiting = In(InstancePhase.Waiting) with { RecentCrashes = [Start], FailedStarts = 3, NotBefore = At(60).Now };
        var patient = waiting.Assigned with { Stop = new StopPolicy("INT", TimeSpan.FromSeconds(1)) };
        var next = InstanceAssign.Change(waiting, patient, At(1)).State!;
        Assert.Equal(("INT", 3, At(60).Now), (next.Assigned.Stop.Signal, next.FailedStarts, next.NotBefore));
        Assert.Equal(Start, Assert.Single(next.RecentCrashes));
    }

    [Fact]
    public void Why_it_is_stopped_is_said_the_weightiest_reason_first()
    {
        var running = In(InstancePhase.Running);
        var old = running.Assigned;
        var argued = Assigned(Web, old.Spec with { Args = ["-v"] });
        Assert.Equal("stopped for web@2.0.0", Reason(Newer with { Restarts = 1 }));
        Assert.Equal("stopped for a new spec", Reason(argued with { Restarts = 1 }));
        Assert.Equal("restarted on request", Reason(old with { Restarts = 1, Wanted = WantedPhase.Stopped }));
        Assert.Equal("stopped on request", Reason(old with { Wanted = WantedPhase.Stopped }));
        Assert.Null(Reason(old));

        string? Reason(AssignedInstance now) => InstanceAssign.Change(running, now, At(1)).State!.Stop?.Reason;
    }

    [Fact]
    public void One_that_is_assigned_again_while_it_leaves_stays()
    {
        var leaving = InstanceAssign.Leave(In(InstancePhase.Running), At(1)).State!;
        Assert.False(InstanceAssign.Change(leaving, leaving.Assigned, At(2)).State!.Leaving);
    }

    [Fact]
    public void An_assignment_that_is_not_understood_is_kept_out_until_one_is()
    {
        var running = In(InstancePhase.Running);
        var held = InstanceAssign.Change(running with { Leaving = true }, Newer with { Wanted = WantedPhase.Unknown }, At(1));
        Assert.Equal(running.Assigned, held.State!.Assigned);
        Assert.Equal((HoldReason.NotUnderstood, false), (held.State.NotUnderstood!.Reason, held.State.Leaving));
        Assert.Empty(held.Effects);
        Assert.Null(InstanceAssign.Change(held.State, running.Assigned, At(2)).State!.NotUnderstood);
    }

    [Fact]
    public void Ends_are_counted_anew_for_a_new_spec_and_for_a_restart_on_request_and_outlive_what_ended()
    {
        var crashed = InstanceEnd.TreeGone(InstanceEnd.Crashed(In(InstancePhase.Running), Code(1), At(1)).State!, At(1)).State!;
        Assert.Equal((1, 1), (crashed.Crashes, AgentReport.StatusOf(crashed).CrashesSinceChange));
        var same = crashed.Assigned with { Stop = Patient };
        Assert.Equal(1, InstanceAssign.Change(crashed, same, At(2)).State!.CrashesSinceChange);
        Assert.Equal(0, InstanceAssign.Change(crashed, same with { Restarts = 1 }, At(2)).State!.CrashesSinceChange);
        var newer = InstanceAssign.Change(crashed, Newer, At(2)).State!;
        Assert.Equal((1, 0), (newer.Crashes, newer.CrashesSinceChange));
    }
}
