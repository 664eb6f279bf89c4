using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A change in which the whole new side is started beside the old one, unlisted, and takes over in one step. The old side runs on
/// for a while as the instant way back; then it gets the new one in place, takes its work back, and the spare side leaves.
/// </summary>
internal static class BlueGreen
{
    public static Rollout Next(ServicePlan plan, Rollout rollout, RolloutIntent? words)
    {
        var policy = plan.Service.Update.BlueGreen ?? new BlueGreenPolicy(TimeSpan.Zero, Strict: false);
        var roster = plan.Roster;
        if (rollout.SwitchedAt is { } switched)
        {
            return rollout.Allowed > 0 ? Finish(plan, rollout, roster) : Keep(plan, rollout, words, switched + policy.Keep);
        }

        if (!roster.Regular.IsEmpty && roster.Regular.All(p => plan.Has(p, rollout.To)))
        {
            return EndKeep(plan, rollout with { SwitchedAt = plan.Now });   // there is no old side to switch from
        }

        if (rollout.ClosedAt is not null)
        {
            return Closed(plan, rollout, roster);
        }

        var green = NewSide(plan, rollout);
        if (green.Length < roster.Regular.Length || !green.All(plan.IsReady))
        {
            return rollout with { StageReadyAt = null };
        }

        var ready = rollout with { StageReadyAt = rollout.StageReadyAt ?? plan.Now };
        var told = words?.Promotes > rollout.Promotes || words?.PromoteAll is true;
        var baked = plan.Service.Update.ManualPromotion is not true && plan.Now >= ready.StageReadyAt + plan.Service.Update.Bake;
        return told || baked
            ? Switch(plan, ready with { Promotes = words?.Promotes ?? ready.Promotes }, policy)
            : Hold(plan, ready);
    }

    /// <summary>Whoever has the new one; those of them that became regular ones when more were wanted too.</summary>
    public static ImmutableArray<PlacedOn> NewSide(ServicePlan plan, Rollout rollout)
    {
        var roster = plan.Roster;
        return
        [
            .. roster.Surplus.Where(p => plan.Has(p, rollout.To)),
            .. roster.Regular.Where(p => plan.Has(p, rollout.To) && p.Placement.Since >= rollout.StartedAt),
        ];
    }

    /// <summary>Shows the side that serves and hides the other, as the rollout's record says.</summary>
    public static void List(ServicePlan plan, Rollout rollout)
    {
        var sides = ServicePlan.IsBlueGreen(rollout) && rollout.Phase is RolloutPhase.Running or RolloutPhase.Halted;
        var roster = plan.Roster;
        if (rollout.BlueGreen is not true && !roster.Staying.Any(p => p.Placement.Unlisted is true || p.Placement.Refuse is true))
        {
            return;
        }

        var back = rollout.Phase == RolloutPhase.RollingBack
            && roster.Regular.All(p => plan.Has(p, rollout.To) && plan.IsReady(p));
        foreach (var placed in roster.Regular.Where(IsToRun))
        {
            var waits = StaysHidden(plan, placed, rollout);
            var old = sides && !waits && !(plan.Has(placed, rollout.To) && plan.Runs(placed));
            Show(
                plan, placed, hidden: waits || (old && (rollout.ClosedAt ?? rollout.SwitchedAt) is not null),
                refuse: old && rollout.ClosedAt is not null);
        }

        foreach (var placed in roster.Surplus.Where(IsToRun))
        {
            // What stands in since an earlier change serves on until it may leave, also if it has the target already.
            var isNew = plan.Has(placed, rollout.To);
            var hidden = sides
                ? isNew && rollout.SwitchedAt is null && placed.Placement.Since >= rollout.StartedAt
                : StaysHidden(plan, placed, rollout) || (back && !isNew);
            Show(plan, placed, hidden, refuse: false);
        }
    }

    /// <summary>
    /// Nobody has met it, and so it is of the new side, be it a regular one since more are wanted: the switch shows it; what is
    /// taken back before that is never shown.
    /// </summary>
    private static bool StaysHidden(ServicePlan plan, PlacedOn placed, Rollout rollout) =>
        placed.Placement.Unlisted is true && rollout.SwitchedAt is null && placed.Placement.Since >= rollout.StartedAt
        && rollout.Phase switch
        {
            RolloutPhase.Running or RolloutPhase.Halted => plan.Has(placed, rollout.To),
            RolloutPhase.RollingBack => !plan.Has(placed, rollout.To),
            RolloutPhase.Completed or RolloutPhase.Unknown => false,
        };

    private static bool IsToRun(PlacedOn placed) => placed.Placement.Wanted == WantedPhase.Running;

    private static void Show(ServicePlan plan, PlacedOn placed, bool hidden, bool refuse)
    {
        if (hidden != placed.Placement.Unlisted is true || refuse != placed.Placement.Refuse is true)
        {
            plan.List(
                placed, hidden, refuse,
                refuse ? "refuses new requests: the other side is about to take over"
                    : hidden ? "is hidden from its consumers: the other side serves"
                    : "is shown to its consumers");
        }
    }

    private static Rollout Switch(ServicePlan plan, Rollout rollout, BlueGreenPolicy policy)
    {
        if (policy.Strict)
        {
            return Closed(plan, rollout with { ClosedAt = plan.Now, StageReadyAt = null }, plan.Roster);
        }

        plan.Tell(EventKind.RolloutStage, $"rollout {rollout.Number} of {rollout.Service}: the new side takes over");
        return rollout with { SwitchedAt = plan.Now, StageReadyAt = null, StageSince = plan.Now };
    }

    /// <summary>Strict: nobody of the new side answers before everybody of the old one has said that it refuses.</summary>
    private static Rollout Closed(ServicePlan plan, Rollout rollout, Roster roster)
    {
        var open = roster.Regular.Where(p => !plan.Has(p, rollout.To) && !Refuses(plan, p)).ToImmutableArray();
        if (open.IsEmpty)
        {
            plan.Tell(EventKind.RolloutStage, $"rollout {rollout.Number} of {rollout.Service}: the new side takes over");
            return rollout with { SwitchedAt = plan.Now, StageSince = plan.Now };
        }

        var first = open[0];
        plan.Holds.Add(new Hold(
            HoldReason.WaitsForTurn,
            string.Create(CultureInfo.InvariantCulture,
                $"the new side of {rollout.Service} waits until the old one refuses: {first.Placement.Instance} on {first.Host} "
                    + $"has not said so yet{(open.Length > 1 ? $", nor have {open.Length - 1} more" : "")}"),
            $"zurg rollout abort {rollout.Service} lets the old side serve again; a program says so with Zurg.Sdk.AspNetCore")
        { Service = rollout.Service, Instance = first.Placement.Instance, Host = first.Host });
        return rollout;
    }

    private static bool Refuses(ServicePlan plan, PlacedOn placed) => placed.Placement.Refuse is true
        && plan.State.Facts.GetValueOrDefault(placed.Host)?.Find(placed.Placement.Instance) is { } status
        && (status.Refuses is true || status.Pid is null);

    private static Rollout Keep(ServicePlan plan, Rollout rollout, RolloutIntent? words, DateTimeOffset until)
    {
        if (plan.Now >= until || words?.Promotes > rollout.Promotes || words?.PromoteAll is true)
        {
            return EndKeep(plan, rollout with { Promotes = words?.Promotes ?? rollout.Promotes });
        }

        plan.WakeBy(until);
        plan.Wait(
            HoldReason.Baking,
            string.Create(CultureInfo.InvariantCulture,
                $"the new side of {rollout.Service} serves; the old one runs on until {until.UtcDateTime:HH:mm:ss} UTC"),
            $"zurg rollout abort {rollout.Service} to go back at once, zurg rollout promote {rollout.Service} to finish now");
        return rollout;
    }

    /// <summary>The old side gets the new one too, and with it the way back ends.</summary>
    public static Rollout EndKeep(ServicePlan plan, Rollout rollout) =>
        rollout with { Allowed = Math.Max(1, plan.Roster.Regular.Length), StageSince = plan.Now };

    private static Rollout Finish(ServicePlan plan, Rollout rollout, Roster roster)
    {
        if (!roster.Regular.All(p => plan.IsDone(p, rollout)))
        {
            // A host that came back meanwhile has one more to bring the new one to.
            return rollout with { Allowed = Math.Max(rollout.Allowed, roster.Regular.Length) };
        }

        plan.Tell(EventKind.RolloutCompleted, $"rollout {rollout.Number} of {rollout.Service} is complete");
        return rollout with { Phase = RolloutPhase.Completed, EndedAt = plan.Now };
    }

    private static Rollout Hold(ServicePlan plan, Rollout rollout)
    {
        if (plan.Service.Update.ManualPromotion is true)
        {
            plan.Wait(
                HoldReason.WaitsForPromotion, $"the new side of {rollout.Service} is ready; a person switches to it",
                $"zurg rollout promote {rollout.Service}, or zurg rollout abort {rollout.Service}");
            return rollout;
        }

        var until = rollout.StageReadyAt!.Value + plan.Service.Update.Bake;
        plan.WakeBy(until);
        plan.Wait(
            HoldReason.Baking,
            string.Create(CultureInfo.InvariantCulture,
                $"the new side of {rollout.Service} is ready and is watched until {until.UtcDateTime:HH:mm:ss} UTC"),
            $"zurg rollout promote {rollout.Service}, to switch at once");
        return rollout;
    }
}
