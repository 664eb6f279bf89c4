using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The next state of a service's rollout: it begins when what people want is not what the last one brought, goes on by stages,
/// stops or goes back when an instance fails or a person says so. What is done about it is <see cref="Changing"/>'s.
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
        if (!state.Releases.ContainsKey(applied.Release) && before?.Refused?.RunsSameAs(applied) is not true)
        {
            plan.Wait(
                HoldReason.ReleaseMissing,
                $"{service.Name} waits for release {applied.Release}, which was never pushed",
                $"zurg release push {applied.Release.Name} {applied.Release.Version} DIR");
            plan.Freeze();
            return placed.Count == 0 || before is null ? null
                : before.Phase is RolloutPhase.Running or RolloutPhase.Halted ? before
                : Step(plan, before);
        }

        var rollout = placed.Count == 0 ? First(plan, before, applied) : before ?? Known(plan, applied, placed);
        if (rollout is { Phase: RolloutPhase.Completed, Refused: { } refused } && !refused.RunsSameAs(applied))
        {
            rollout = rollout with { Refused = null };   // people want something else by now
        }

        var target = RolloutTargets.Wanted(rollout, applied);
        return target.RunsSameAs(rollout.To) && target.Restarts == rollout.To.Restarts
            ? Step(plan, rollout)
            : Start(plan, rollout, target);
    }

    /// <summary>Nothing of it runs: it gets all at once what is wanted.</summary>
    private static Rollout First(ServicePlan plan, Rollout? before, RolloutTarget applied) =>
        before is { Phase: RolloutPhase.Completed, Refused: null } && before.To.RunsSameAs(applied)
            && before.To.Restarts == applied.Restarts
            ? before
            : Ended(plan, before?.Number ?? 0, applied, $"release {applied.Release.Version} (spec {applied.Spec})");

    /// <summary>An earlier build of Zurg placed it and wrote no rollout: what runs is what the last one brought.</summary>
    private static Rollout Known(ServicePlan plan, RolloutTarget applied, IReadOnlyCollection<PlacedOn> placed) =>
        Ended(plan, 0, RolloutTargets.Placed(plan.State, applied, placed), "what ran before there were rollouts");

    private static Rollout Ended(ServicePlan plan, long number, RolloutTarget target, string why) => new()
    {
        Service = plan.Service.Name,
        Number = number + 1,
        From = target,
        To = target,
        Phase = RolloutPhase.Completed,
        StartedAt = plan.Now,
        EndedAt = plan.Now,
        StageSince = plan.Now,
        Why = why,
        Allowed = 0,
    };

    private static Rollout Start(ServicePlan plan, Rollout before, RolloutTarget target)
    {
        var from = before.Phase == RolloutPhase.Completed ? before.To : before.From;
        var back = !target.RunsSameAs(before.To) && target.RunsSameAs(from);
        var why = WhyOf(plan, from, target);
        var rollout = new Rollout
        {
            Service = before.Service,
            Number = before.Number + 1,
            From = from,
            To = target,
            Phase = back ? RolloutPhase.RollingBack : RolloutPhase.Running,
            StartedAt = plan.Now,
            StageSince = plan.Now,
            Why = why,
            Allowed = 0,
            Reason = back ? $"the spec says again what ran before rollout {before.Number}" : null,
            Refused = before.Refused is { } refused && refused.RunsSameAs(target) ? null : RefusedStill(plan, before),
        };
        rollout = !back && plan.Service.Update.BlueGreen is not null && !target.RunsSameAs(from)
            ? rollout with { BlueGreen = true }
            : rollout with { Allowed = plan.StagesOf(rollout) is [var first, ..] ? first : 0 };
        plan.Tell(EventKind.RolloutStarted, before.Phase == RolloutPhase.Completed
            ? $"rollout {rollout.Number} of {rollout.Service}: {why}"
            : $"rollout {rollout.Number} of {rollout.Service} takes the place of {before.Number}: {why}");
        return rollout;
    }

    /// <summary>A restart of what runs does not forgive what was taken back; another spec does.</summary>
    private static RolloutTarget? RefusedStill(ServicePlan plan, Rollout before) =>
        before.Refused is { } refused
        && refused.RunsSameAs(RolloutTargets.Applied(plan.Applied, plan.Service, plan.Intent)) ? refused : null;

    private static string WhyOf(ServicePlan plan, RolloutTarget from, RolloutTarget to)
    {
        var by = $"spec {to.Spec} by {plan.Applied.Author}";
        return to.RunsSameAs(from) ? "a restart that a person asked for"
            : to.Release != from.Release ? $"release {from.Release.Version} -> {to.Release.Version} ({by})"
            : $"what it is started with has changed ({by})";
    }

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
        if (plan.Stopped)
        {
            return rollout with { Phase = RolloutPhase.Completed, EndedAt = plan.Now };
        }

        if (words?.Aborted is true)
        {
            return TakeBack(plan, rollout, $"{words.By} aborted it");
        }

        if (WhyFailed(plan, rollout) is { } failure)
        {
            return plan.Service.Update.Rollback == RollbackMode.Auto && !rollout.To.RunsSameAs(rollout.From)
                ? TakeBack(plan, rollout, failure)
                : Halt(plan, rollout, failure);
        }

        return plan.IsPaused(rollout) ? Paused(plan, rollout)
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

            if (changed && !Budget.IsAvailable(plan.State, placed))
            {
                plan.WakeBy(RolloutFailure.DeadlineOf(placed.Placement, rollout, within));
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
        return Halted(plan, rollout with { Phase = RolloutPhase.Halted, Reason = reason, StageReadyAt = null });
    }

    private static Rollout Halted(ServicePlan plan, Rollout rollout)
    {
        var words = plan.WordsOn(rollout);
        if (words?.Aborted is true)
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
                Excused = CrashesOf(plan, rollout),
            };
        }

        plan.Wait(
            HoldReason.RolloutHalted, $"rollout {rollout.Number} of {rollout.Service} is halted: {rollout.Reason}",
            $"zurg rollout abort {rollout.Service}, or zurg rollout resume {rollout.Service} to go on in spite of it");
        return rollout;
    }

    private static ImmutableSortedDictionary<InstanceId, int> CrashesOf(ServicePlan plan, Rollout rollout) =>
        plan.Roster.Staying.Where(p => plan.Has(p, rollout.To))
            .Select(p => plan.State.Facts.GetValueOrDefault(p.Host)?.Find(p.Placement.Instance))
            .Where(s => s?.CrashesSinceChange > 0)
            .ToImmutableSortedDictionary(s => s!.Instance, s => s!.CrashesSinceChange!.Value);

    private static Rollout Paused(ServicePlan plan, Rollout rollout)
    {
        plan.Wait(
            HoldReason.RolloutPaused,
            $"rollout {rollout.Number} of {rollout.Service} is paused by {plan.WordsOn(rollout)!.By}",
            $"zurg rollout resume {rollout.Service}");
        return rollout;
    }

    private static Rollout Back(ServicePlan plan, Rollout rollout)
    {
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
        if (rollout.Refused is not { } refused || refused.RunsSameAs(rollout.To))
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
                    + $"rollout {rollout.Number} went back, since {rollout.Reason}"),
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
