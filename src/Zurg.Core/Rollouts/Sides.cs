using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Which side of a blue-green change answers consumers.</summary>
internal enum Answering
{
    /// <summary>Whoever has been shown.</summary>
    Both,

    Old,

    /// <summary>A strict change is between its sides: one still ends what it has accepted.</summary>
    Nobody,

    New,
}

/// <summary>
/// Shows the side of a blue-green change that answers and hides the other. What lacks the target and is hidden stays so: nobody
/// has met it, or it had its time.
/// </summary>
internal static class Sides
{
    public static Answering Of(ServicePlan plan, Rollout rollout)
    {
        if (rollout.BlueGreen is not true)
        {
            return Answering.Both;
        }

        return rollout.Phase switch
        {
            RolloutPhase.Running or RolloutPhase.Halted =>
                rollout.SwitchedAt is not null ? Answering.New
                : rollout.ClosedAt is not null ? Answering.Nobody
                : Answering.Old,
            RolloutPhase.RollingBack when StrictSwitch.Returns(plan, rollout) =>
                rollout.ReturnedAt is not null ? Answering.Old
                : rollout.ReturnsAt is not null ? Answering.Nobody
                : Answering.New,
            RolloutPhase.RollingBack when plan.Roster is var roster && BlueGreen.IsWhole(plan, roster)
                && roster.Regular.All(p => plan.Has(p, rollout.To) && plan.IsReady(p)) => Answering.Old,
            _ => Answering.Both,
        };
    }

    public static void List(ServicePlan plan, Rollout rollout)
    {
        var running = plan.OnHosts.ToList();
        if (rollout.BlueGreen is not true && !running.Exists(p => p.Placement.Unlisted is true || p.Placement.Refuse is true))
        {
            return;
        }

        var answering = Of(plan, rollout);
        foreach (var placed in running)
        {
            var hidden = IsHidden(plan, placed, rollout, answering);

            // Who refuses goes on until it is to be shown: others may still know where it listens.
            var refuses = hidden && placed.Placement.Refuse is true;
            Show(plan, placed, hidden, refuses || IsToRefuse(plan, placed, rollout, answering));
        }
    }

    private static bool IsHidden(ServicePlan plan, PlacedOn placed, Rollout rollout, Answering answering)
    {
        var (has, unlisted) = (IsOf(placed, rollout.To), placed.Placement.Unlisted is true);
        if (unlisted && IsOver(placed, rollout))
        {
            return true;
        }

        var isBack = rollout.Phase == RolloutPhase.RollingBack;
        return answering switch
        {
            Answering.Both => false,
            Answering.Nobody => true,
            Answering.Old => isBack ? !has : has && unlisted,
            Answering.New => isBack ? has : !has || (unlisted && !plan.Runs(placed)),
        };
    }

    /// <summary>Only a strict change tells anybody, and only who has been shown: nobody knows where the others listen.</summary>
    private static bool IsToRefuse(ServicePlan plan, PlacedOn placed, Rollout rollout, Answering answering)
    {
        var has = IsOf(placed, rollout.To);
        return StrictSwitch.IsStrict(plan, rollout) && rollout.Phase switch
        {
            RolloutPhase.Running or RolloutPhase.Halted => !has && answering is Answering.Nobody or Answering.New,
            RolloutPhase.RollingBack when rollout.SwitchedAt is not null =>
                answering is Answering.Nobody || answering == (has ? Answering.New : Answering.Old),
            _ => false,
        };
    }

    /// <summary>It is neither what the rollout brings nor what it may still go back to.</summary>
    private static bool IsOver(PlacedOn placed, Rollout rollout) =>
        !IsOf(placed, rollout.To)
        && !(rollout.Phase is RolloutPhase.Running or RolloutPhase.Halted && IsOf(placed, rollout.From));

    /// <summary>Of this side, be it still to be restarted: who asks for a restart of all takes nobody away by that.</summary>
    public static bool IsOf(PlacedOn placed, RolloutTarget target) =>
        placed.Placement.Spec == target.DigestOf(placed.Placement.Instance);

    private static void Show(ServicePlan plan, PlacedOn placed, bool hidden, bool refuse)
    {
        var placement = placed.Placement;
        var isEarly = !hidden && placement.Unlisted is true && !StrictSwitch.Accepts(plan, placed);
        if (isEarly && placement.Refuse is not true)
        {
            plan.Holds.Add(new Hold(
                HoldReason.WaitsForOtherSide,
                $"{placement.Instance} on {placed.Host} is shown to its consumers once it says that it accepts requests again",
                $"zurg logs {placement.Instance} shows whether it hears its agent")
            { Service = placement.Instance.Service, Instance = placement.Instance, Host = placed.Host });
        }

        hidden |= isEarly;
        if (hidden != placement.Unlisted is true || refuse != placement.Refuse is true)
        {
            plan.List(
                placed, hidden, refuse,
                refuse ? "refuses new requests: the other side is about to take over"
                    : isEarly ? "is told to accept requests again"
                    : hidden ? "is hidden from its consumers: the other side serves"
                    : "is shown to its consumers");
        }
    }
}
