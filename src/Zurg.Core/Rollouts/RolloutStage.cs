using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A running rollout's way from one stage to the next: everybody in it ready, watched for a while, let on.</summary>
internal static class RolloutStage
{
    public static Rollout Next(ServicePlan plan, Rollout rollout, RolloutIntent? words)
    {
        var stages = plan.StagesOf(rollout);
        var here = plan.Roster.Regular.Length;
        if (here == 0)
        {
            return plan.Service.Scale.Instances == 0 ? Complete(plan, rollout) : WithNobody(plan, rollout);
        }

        if (rollout.Allowed == 0)
        {
            return Enter(plan, rollout, stages[0]);   // it began when there was no host for any
        }

        var last = stages[^1];
        if (words?.PromoteAll is true && rollout.Allowed < last)
        {
            plan.Tell(EventKind.RolloutPromoted, $"{words.By} lets the rest of {rollout.Service} have it at once");
            return Enter(plan, rollout, last) with { Promotes = words.Promotes };
        }

        if (!plan.IsProven(rollout) || plan.CountOn(rollout, stages) < Math.Min(rollout.Allowed, here))
        {
            return rollout with { StageReadyAt = null };
        }

        if (rollout.Allowed >= last)
        {
            return Complete(plan, rollout);
        }

        // Not later than now: a clock that went back must not stretch the watch.
        var since = rollout.StageReadyAt is { } before && before < plan.Now ? before : plan.Now;
        var ready = rollout with { StageReadyAt = since };
        return words?.Promotes > rollout.Promotes ? Advance(plan, ready, stages) with { Promotes = words.Promotes }
            : plan.Service.Update.ManualPromotion is true ? WaitForPromotion(plan, ready, stages)
            : Bake(plan, ready, stages);
    }

    /// <summary>Those that move are placed again; those that are told their hosts may have none left.</summary>
    public static Rollout WithNobody(ServicePlan plan, Rollout rollout)
    {
        plan.Wait(
            HoldReason.NoHostFits,
            $"rollout {rollout.Number} of {rollout.Service} goes on when a host has an instance of it again",
            "zurg hosts shows which hosts are drained, silent or lost");
        return rollout with { StageReadyAt = null };
    }

    private static Rollout Complete(ServicePlan plan, Rollout rollout)
    {
        var took = plan.Now - rollout.StartedAt;
        plan.Tell(EventKind.RolloutCompleted, string.Create(
            CultureInfo.InvariantCulture,
            $"rollout {rollout.Number} of {rollout.Service} is complete after {took.TotalSeconds:0.#} s"));
        return rollout with { Phase = RolloutPhase.Completed, EndedAt = plan.Now, StageReadyAt = null };
    }

    private static Rollout Bake(ServicePlan plan, Rollout rollout, ImmutableArray<int> stages)
    {
        var until = rollout.StageReadyAt!.Value + plan.BakeOf(rollout);
        if (plan.Now >= until)
        {
            return Advance(plan, rollout, stages);
        }

        plan.WakeBy(until);
        plan.Wait(HoldReason.Baking, string.Create(
            CultureInfo.InvariantCulture,
            $"{rollout.Allowed} of {rollout.Service} have the new one and are watched until {until.UtcDateTime:HH:mm:ss} UTC"),
            $"zurg rollout promote {rollout.Service}, to go on at once");
        return rollout;
    }

    private static Rollout WaitForPromotion(ServicePlan plan, Rollout rollout, ImmutableArray<int> stages)
    {
        plan.Wait(HoldReason.WaitsForPromotion, string.Create(
            CultureInfo.InvariantCulture,
            $"{rollout.Allowed} of {rollout.Service} have the new one and are ready; a person lets on the next "
                + $"{After(rollout.Allowed, stages) - rollout.Allowed}"),
            $"zurg rollout promote {rollout.Service}, or zurg rollout abort {rollout.Service}");
        return rollout;
    }

    private static Rollout Advance(ServicePlan plan, Rollout rollout, ImmutableArray<int> stages)
    {
        var next = After(rollout.Allowed, stages);
        plan.Tell(EventKind.RolloutStage, string.Create(
            CultureInfo.InvariantCulture,
            $"rollout {rollout.Number} of {rollout.Service}: {rollout.Allowed} are fine, on to {next} of {stages[^1]}"));
        return Enter(plan, rollout, next);
    }

    private static Rollout Enter(ServicePlan plan, Rollout rollout, int allowed) =>
        rollout with { Allowed = allowed, StageSince = plan.Now, StageReadyAt = null };

    private static int After(int allowed, ImmutableArray<int> stages) => stages.FirstOrDefault(s => s > allowed, stages[^1]);
}
