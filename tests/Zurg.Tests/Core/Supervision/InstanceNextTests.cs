using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceNextTests
{
    private static readonly NextInstance Two = NextOf("2.0.0");

    [Theory]
    [InlineData(InstancePhase.Waiting)]
    [InlineData(InstancePhase.Starting)]
    [InlineData(InstancePhase.Running)]
    [InlineData(InstancePhase.Stopping)]
    public void What_comes_next_is_prepared_in_any_phase_once_and_nothing_else_happens(InstancePhase phase)
    {
        var stopped = In(phase) with { Assigned = In(phase).Assigned with { Next = Two, Wanted = WantedPhase.Stopped } };
        var turn = InstanceNext.Settle(stopped, At(1));
        var effect = Assert.IsType<AgentEffect.PrepareNext>(Assert.Single(turn.Effects));
        Assert.Equal(("web@2.0.0", Two.SpecDigest, Two.Manifest, null),
            (effect.Assigned.Spec.Release.Value, effect.Assigned.SpecDigest, effect.Assigned.Manifest, effect.Assigned.Next));
        Assert.Equal(stopped, turn.State! with { Next = null });
        Assert.Empty(InstanceNext.Settle(turn.State, At(2)).Effects);
        Assert.Equal((null, null), (Report(turn.State).Prepared, Report(turn.State).PrepareHold));
    }

    [Fact]
    public void What_is_ready_is_said_and_stays_so_while_the_same_is_asked_for()
    {
        var ready = Answer(Asked(), hold: null).State!;
        Assert.Equal((Two.SpecDigest, null), (Report(ready).Prepared, Report(ready).PrepareHold));
        Assert.Empty(InstanceNext.Settle(ready, At(100)).Effects);

        // The same said again by another assignment is the same.
        var again = ready with { Assigned = ready.Assigned with { Next = NextOf("2.0.0") } };
        Assert.Empty(InstanceNext.Settle(again, At(100)).Effects);

        var other = InstanceNext.Settle(ready with { Assigned = ready.Assigned with { Next = NextOf("3.0.0") } }, At(100));
        Assert.Single(other.Effects);
        Assert.Null(Report(other.State!).Prepared);
    }

    [Fact]
    public void It_is_prepared_anew_when_its_bytes_or_its_signatures_are_others()
    {
        var ready = Answer(Asked(), hold: null).State!;
        var keys = ImmutableSortedDictionary<string, string>.Empty.Add("ci", "key");
        var signature = new ReleaseSignature("key", "value", "me", Start);
        NextInstance[] others =
        [
            Two with { Manifest = Digest.Of("other"u8) },
            Two with { Signing = new SigningTerms(keys, []) },
            Two with { Signing = new SigningTerms(keys, [signature]) },
        ];
        var state = ready;
        foreach (var other in others)
        {
            var turn = InstanceNext.Settle(state with { Assigned = state.Assigned with { Next = other } }, At(5));
            Assert.Single(turn.Effects);
            state = Answer(turn.State!, hold: null).State!;
            Assert.NotNull(Report(state).Prepared);
        }
    }

    [Fact]
    public void A_failure_is_told_once_shown_with_its_cause_and_tried_again_ever_later()
    {
        var failed = Answer(Asked(), Held);
        var hold = Report(failed.State!).PrepareHold!;
        Assert.Equal((HoldReason.ReleaseUnavailable, "no master answers"), (hold.Reason, hold.Text));
        Assert.Equal((Web, Host), (hold.Instance, hold.Host));
        Assert.Equal("what it gets next cannot be started here yet: no master answers", Assert.Single(failed.Events).Text);
        Assert.Null(failed.State!.Hold);

        var first = failed.State.Next!.NotBefore!.Value;
        Assert.InRange(first - At(1).Now, Restart.Delay * 0.75, Restart.Delay);
        Assert.Equal(first, InstanceMachine.WakeAt(failed.State, shuttingDown: false));
        Assert.Empty(InstanceNext.Settle(failed.State, At(1)).Effects);

        var again = InstanceNext.Settle(failed.State, At(2));
        Assert.Single(again.Effects);
        Assert.NotNull(Report(again.State!).PrepareHold);
        var second = Answer(again.State!, Held, 2);
        Assert.Empty(second.Events);
        Assert.InRange(second.State!.Next!.NotBefore!.Value - At(2).Now, Restart.Delay * 1.5, Restart.Delay * 2);

        var ready = Answer(InstanceNext.Settle(second.State, At(9)).State!, hold: null, 9).State!;
        Assert.Equal((Two.SpecDigest, null), (Report(ready).Prepared, Report(ready).PrepareHold));
    }

    [Fact]
    public void What_this_build_does_not_understand_is_held_without_asking_the_hands()
    {
        var unknown = Two with { Spec = Two.Spec with { Probe = Probe with { Kind = ProbeKind.Unknown } } };
        var turn = InstanceNext.Settle(With(unknown), At(1));
        Assert.Empty(turn.Effects);
        Assert.Equal(HoldReason.NotUnderstood, Report(turn.State!).PrepareHold!.Reason);
        Assert.Same(turn.State, InstanceNext.Settle(turn.State!, At(2)).State);
    }

    [Fact]
    public void An_answer_about_something_else_changes_nothing()
    {
        var asked = Asked();
        var late = new AgentInput.NextChecked(Web, Digest.Of("other"u8), asked.Next!.Release, null);
        Assert.Same(asked, InstanceNext.Heard(asked, late, At(1)).State);
        var otherRelease = new AgentInput.NextChecked(Web, Two.SpecDigest, Digest.Of("other"u8), null);
        Assert.Same(asked, InstanceNext.Heard(asked, otherRelease, At(1)).State);
    }

    [Fact]
    public void What_no_longer_comes_next_is_forgotten_and_so_is_all_of_it_at_the_end()
    {
        var ready = Answer(Asked(), hold: null).State!;
        Assert.Null(InstanceNext.Settle(ready with { Assigned = ready.Assigned with { Next = null } }, At(5)).State!.Next);
        Assert.Null(InstanceNext.Settle(ready with { Leaving = true }, At(5)).State!.Next);
        Assert.Null(InstanceNext.Settle(ready, At(5, shuttingDown: true)).State!.Next);
    }

    [Fact]
    public void It_outlives_a_crash_of_what_runs_and_a_restarted_agent_looks_again()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        agent.Say(Assign(2, Assigned(Web) with { Next = Two }));
        var asked = agent.Effects.OfType<AgentEffect.PrepareNext>().Single();
        agent.Say(new AgentInput.NextChecked(Web, asked.Assigned.SpecDigest, asked.Release, null));
        agent.Exit(Code(1));
        agent.Gone();
        Assert.Equal(Two.SpecDigest, Report(agent.Web).Prepared);

        agent.Restart();
        Assert.Null(Report(agent.Web).Prepared);
        Assert.Equal(2, agent.Effects.OfType<AgentEffect.PrepareNext>().Count());
    }

    private static NextInstance NextOf(string version)
    {
        var next = Assigned(Web, version);
        return new NextInstance(next.Spec, next.SpecDigest, next.Manifest);
    }

    private static InstanceState With(NextInstance next)
    {
        var running = In(InstancePhase.Running);
        return running with { Assigned = running.Assigned with { Next = next } };
    }

    private static InstanceState Asked() => InstanceNext.Settle(With(Two), At(1)).State!;

    private static InstanceTurn Answer(InstanceState s, Hold? hold, double at = 1) =>
        InstanceNext.Heard(s, new AgentInput.NextChecked(Web, s.Next!.Spec, s.Next.Release, hold), At(at));

    private static InstanceStatus Report(InstanceState s) => AgentReport.StatusOf(s);
}
