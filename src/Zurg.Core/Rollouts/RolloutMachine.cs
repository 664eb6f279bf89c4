using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The next state of a service's rollout: it begins when what people want is not what the last one brought
/// (<see cref="RolloutStart"/>), goes on by stages, stops or goes back when an instance fails or a person says so. What is done
/// about it is <see cref="Changing"/>'s.
/// </summary>
internal static class RolloutMachine
{
    /// <summary>Null when there is nothing that the service could run yet; a hold says why.</summary>
    public static Rollout? Next(ServicePlan plan)
    {
        var (state, service) = (plan.State, plan.Service);
        var applied = RolloutTargets.Applied(plan.Applied, service, plan.Intent);
        var before = state.Rollouts.GetValueOrDefault(service.Name);
        var placed = plan.Board.Of(service.Name);
        if (!state.Releases.ContainsKey(applied.Release) && before?.StillRefused?.RunsSameAs(applied) is not true)
        {
            plan.Wait(
                HoldReason.ReleaseMissing,
                $"{service.Name} waits for release {applied.Release}, which was never pushed",
                $"zurg release push {applied.Release.Name} {applied.Release.Version} DIR");
            plan.Freeze();
            return placed.Count == 0 || before is null ? null : Step(plan, StrictSwitch.Settled(plan, Forgiven(before, applied)));
        }

        var rollout = StrictSwitch.Settled(plan, Forgiven(RolloutStart.Newest(plan, before, applied, placed), applied));
        var target = RolloutTargets.Wanted(rollout, applied);
        var isNews = !target.RunsSameAs(rollout.To) || target.Restarts != rollout.To.Restarts;
        return Step(plan, isNews ? RolloutStart.Of(plan, rollout, target) : rollout);
    }

    /// <summary>What was taken back is forgotten once people want something else.</summary>
    private static Rollout Forgiven(Rollout rollout, RolloutTarget applied) =>
        rollout is { Phase: RolloutPhase.Completed, StillRefused: { } refused } && !refused.RunsSameAs(applied)
            ? rollout with { Forgiven = true }
            : rollout;

    private static Rollout Step(ServicePlan plan, Rollout rollout) => rollout.Phase switch
    {
        RolloutPhase.Running => Run(plan, rollout),
        RolloutPhase.Halted => Halted(plan, rollout),
        RolloutPhase.RollingBack => Back(plan, rollout),
        RolloutPhase.Completed => After(plan, rollout),
        RolloutPhase.Unknown => Unknown(plan, rollout),
    };

    private static Rollout Run(ServicePlan plan, Rollout rollout)
    {
        var words = plan.WordsOn(rollout);
        if (words?.Aborted is true && !StrictSwitch.HasNoWayBack(rollout))
        {
            return TakeBack(plan, rollout, $"{words.By} aborted it");
        }

        if (plan.Stopped || plan.IsBeingStarted)
        {
            // Each keeps what it has; what is stopped as it was to be shows nothing of what it would do.
            return rollout with { StageReadyAt = null };
        }

        if (WhyFailed(plan, rollout) is { } failure)
        {
            return plan.Service.Update.Rollback == RollbackMode.Auto && !rollout.To.RunsSameAs(rollout.From)
                && !StrictSwitch.HasNoWayBack(rollout)
                ? TakeBack(plan, rollout, failure)
                : Halt(plan, rollout, failure);
        }

        // Between its sides nobody serves: that is no place to stay.
        var isBetween = Sides.Of(plan, rollout) == Answering.Nobody;
        return plan.IsPaused(rollout) && !isBetween ? Paused(plan, rollout)
            : ServicePlan.IsBlueGreen(rollout) ? BlueGreen.Next(plan, rollout, words)
            : RolloutStage.Next(plan, rollout, words);
    }

    private static string? WhyFailed(ServicePlan plan, Rollout rollout)
    {
        var within = plan.Service.Update.ReadyWithin ?? UpdatePolicy.ReadyWithinUsual;
        foreach (var placed in plan.Roster.Staying)
        {
            var facts = plan.State.Facts.GetValueOrDefault(placed.Host);
            var changed = plan.Has(placed, rollout.To) && placed.Placement.Since >= rollout.StartedAt;
            var failure = changed
                ? RolloutFailure.Of(facts, placed, rollout, within, plan.Now)
                : RolloutFailure.OfPreparation(facts, placed, rollout, within, plan.Now);
            if (failure is not null)
            {
                return failure;
            }

            var waits = changed
                ? !Budget.IsAvailable(plan.State, placed)
                : rollout.StageReadyAt is null && facts?.Find(placed.Placement.Instance)?.PrepareHold is not null;
            var deadline = changed
                ? RolloutFailure.DeadlineOf(facts, placed.Placement, rollout, within, plan.Now)
                : rollout.StageSince + within;
            if (waits && deadline is { } until && until > plan.Now)
            {
                plan.WakeBy(until);
            }
        }

        return null;
    }

    private static Rollout TakeBack(ServicePlan plan, Rollout rollout, string reason)
    {
        plan.Tell(
            EventKind.RolloutRollingBack,
            $"rollout {rollout.Number} of {rollout.Service} goes back to {rollout.From.Release.Version}: {reason}");
        return rollout with
        {
            Phase = RolloutPhase.RollingBack,
            Refused = rollout.To,
            To = rollout.From,
            Reason = reason,
            StageSince = plan.Now,
            StageReadyAt = null,
        };
    }

    private static Rollout Halt(ServicePlan plan, Rollout rollout, string reason)
    {
        plan.Tell(EventKind.RolloutHalted, $"rollout {rollout.Number} of {rollout.Service} is halted: {reason}");
        return Halted(plan, rollout with
        {
            Phase = RolloutPhase.Halted,
            Reason = reason,
            StageReadyAt = null,
            ClosedAt = rollout.SwitchedAt is null ? null : rollout.ClosedAt,   // before the switch the old side serves again
        });
    }

    private static Rollout Halted(ServicePlan plan, Rollout rollout)
    {
        var words = plan.WordsOn(rollout);
        if (words?.Aborted is true && !StrictSwitch.HasNoWayBack(rollout))
        {
            return TakeBack(plan, rollout, $"{words.By} aborted it after {rollout.Reason}");
        }

        if (words?.Resumes > rollout.Resumes)
        {
            plan.Tell(EventKind.RolloutResumed, $"rollout {rollout.Number} of {rollout.Service} goes on: {words.By} says so");
            return rollout with
            {
                Phase = RolloutPhase.Running,
                Resumes = words.Resumes,
                StageSince = plan.Now,
                Reason = null,
                ResumedAt = plan.Now,
                Excused = Excused(plan, rollout),
            };
        }

        plan.Wait(
            HoldReason.RolloutHalted, $"rollout {rollout.Number} of {rollout.Service} is halted: {rollout.Reason}",
            StrictSwitch.HasNoWayBack(rollout)
                ? $"start another release: its old side is being replaced already; or zurg rollout resume {rollout.Service}"
                : $"zurg rollout abort {rollout.Service}, or zurg rollout resume {rollout.Service} to go on in spite of it");
        return rollout;
    }

    /// <summary>Whoever shows that it fails: its ends so far are forgiven, and it has its time to get ready once more.</summary>
    private static ImmutableSortedDictionary<InstanceId, int> Excused(ServicePlan plan, Rollout rollout)
    {
        var excused = ImmutableSortedDictionary.CreateBuilder<InstanceId, int>();
        foreach (var placed in plan.Roster.Staying)
        {
            var status = plan.State.Facts.GetValueOrDefault(placed.Host)?.Find(placed.Placement.Instance);
            if (status?.PrepareHold is not null)
            {
                excused[status.Instance] = 0;
            }
            else if (status is not null && plan.Has(placed, rollout.To)
                && (status.CrashesSinceChange > 0 || !status.IsReady()))
            {
                excused[status.Instance] = status.CrashesSinceChange ?? 0;
            }
        }

        return excused.ToImmutable();
    }

    private static Rollout Paused(ServicePlan plan, Rollout rollout)
    {
        // Else it is frozen, and the hold of the release that is missing says so.
        if (plan.WordsOn(rollout) is { Paused: true } words)
        {
            plan.Wait(
                HoldReason.RolloutPaused, $"rollout {rollout.Number} of {rollout.Service} is paused by {words.By}",
                $"zurg rollout resume {rollout.Service}");
        }

        return rollout;
    }

    private static Rollout Back(ServicePlan plan, Rollout back)
    {
        var rollout = plan.Stopped ? back : StrictSwitch.Return(plan, back);
        if (!plan.Stopped && !plan.Roster.Regular.All(p => plan.IsDone(p, rollout)))
        {
            return plan.WordsOn(rollout)?.Paused is true ? Paused(plan, rollout) : rollout;
        }

        plan.Tell(
            EventKind.RolloutCompleted,
            $"{rollout.Service} runs {rollout.To.Release.Version} again, since {rollout.Reason}");
        return After(plan, rollout with { Phase = RolloutPhase.Completed, EndedAt = plan.Now });
    }

    private static Rollout After(ServicePlan plan, Rollout rollout)
    {
        if (rollout.StillRefused is not { } refused || refused.RunsSameAs(rollout.To))
        {
            return rollout;
        }

        if (plan.WordsOn(rollout)?.Retry is true)
        {
            return rollout with { Refused = null };   // what the spec says is new again, and the next plan begins with it
        }

        plan.Wait(
            HoldReason.RolledBack,
            string.Create(CultureInfo.InvariantCulture,
                $"{rollout.Service} runs {Name(rollout.To, refused)}, not {Name(refused, rollout.To)} as the spec says: "
                    + $"that was taken back, since {rollout.Reason}"),
            $"apply something else, or try again: zurg rollout start {rollout.Service} {refused.Release.Version}");
        return rollout;
    }

    private static string Name(RolloutTarget target, RolloutTarget other) => target.Release != other.Release
        ? $"release {target.Release.Version}"
        : string.Create(CultureInfo.InvariantCulture, $"what spec {target.Spec} says");

    private static Rollout Unknown(ServicePlan plan, Rollout rollout)
    {
        plan.Wait(
            HoldReason.Unreadable, $"the rollout of {rollout.Service} is in a phase that only a newer build of Zurg knows",
            "run the newer build");
        return rollout;
    }
}
