using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceTurnTests
{
    private static readonly AgentEffect Forget = new AgentEffect.Forget(Web);
    private static readonly AgentEffect Stop = new AgentEffect.StopProbe(Web, One);

    [Fact]
    public void What_follows_comes_after_what_was_done_and_goes_on_from_where_that_led()
    {
        var turn = In(InstancePhase.Waiting).Unchanged.Do(Stop).Tell(EventKind.InstanceHeld, "first")
            .Then(s => new InstanceTurn(s with { Failures = s.Failures + 1 }).Do(Forget).Tell(EventKind.InstanceReady, "second"))
            .Then(s => new InstanceTurn(s with { Failures = s.Failures * 10 }));

        Assert.Equal(10, turn.State!.Failures);
        Assert.Equal([Stop, Forget], turn.Effects);
        Assert.Equal(["first", "second"], turn.Events.Select(e => e.Text));
    }

    [Fact]
    public void Of_an_instance_that_is_forgotten_nothing_follows()
    {
        var turn = new InstanceTurn(null).Do(Forget).Then(_ => throw new InvalidOperationException("it has no state"));

        Assert.Null(turn.State);
        Assert.Equal([Forget], turn.Effects);
    }

    [Fact]
    public void What_is_done_only_if_is_not_even_made_otherwise()
    {
        var turn = In(InstancePhase.Waiting).Unchanged;
        Assert.Equal([Stop], turn.DoIf(true, () => Stop).Effects);
        Assert.Empty(turn.DoIf(false, () => throw new InvalidOperationException("not made")).Effects);
    }

    [Fact]
    public void A_phase_leads_forward_only_and_what_belongs_to_it_ends_with_it()
    {
        var busy = In(InstancePhase.Starting) with
        {
            Failures = 2, Deadline = At(9).Now, NotBefore = At(8).Now, TemplateRestartAt = At(7).Now,
        };
        var running = busy.Enter(InstancePhase.Running, At(5));
        Assert.Equal((InstancePhase.Running, At(5).Now), (running.Phase, running.Since));
        Assert.Equal((false, 0), (running.Healthy, running.Failures));
        Assert.Equal((null, null, At(7).Now), (running.Deadline, running.NotBefore, running.TemplateRestartAt));
        Assert.Null(running.Enter(InstancePhase.Stopping, At(6)).TemplateRestartAt);
        Assert.Throws<InvariantException>(() => running.Enter(InstancePhase.Starting, At(6)));
        Assert.Throws<InvariantException>(() => running.Enter(InstancePhase.Running, At(6)));
    }

    [Fact]
    public void A_new_incarnation_has_a_history_and_nothing_else_of_the_old_one()
    {
        var old = In(InstancePhase.Stopping) with
        {
            Crashes = 4, CrashesSinceChange = 3, FailedStarts = 2, RecentCrashes = [Start], Counts = true, Refuses = true,
            Told = true, RefusesOn = true, Heard = 5, Spoke = Digest.Of("spec"u8),
            Hold = Held, UsesHold = Held, Leaving = true, Stage = StopStage.InFlight,
        };
        var next = old.Again(At(5), "it crashed");

        Assert.Equal((InstancePhase.Waiting, 2L), (next.Phase, next.Incarnation.Value));
        Assert.Equal((At(5).Now, "it crashed"), (next.Since, next.StartReason));
        Assert.Equal((4, 3, 2), (next.Crashes, next.CrashesSinceChange, next.FailedStarts));
        Assert.Equal(Start, Assert.Single(next.RecentCrashes));
        Assert.Equal((null, null, null), (next.Process, next.Launch, next.Hold));
        Assert.Equal((false, false, (StopStage?)null), (next.Counts, next.Refuses, next.Stage));
        Assert.Equal((false, false, (long?)null), (next.Told, next.RefusesOn, next.Heard));
        Assert.Equal((Held, true, old.Spoke), (next.UsesHold, next.Leaving, next.Spoke));
        Assert.Throws<InvariantException>(() => next.Again(At(6), null));
    }
}
