using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Instances on top of those wanted, which stand in while others are changed or moved: started first, so that nothing is missing
/// meanwhile, and gone when all is done. The first of them is the canary.
/// </summary>
internal static class Spares
{
    public static void Place(ServicePlan plan, Rollout rollout, ImmutableArray<PlacedOn> due)
    {
        var blueGreen = ServicePlan.IsBlueGreen(rollout) && rollout.Phase == RolloutPhase.Running;
        var serving = due.Count(p => Budget.IsAvailable(plan.State, p));
        var wanted = blueGreen ? plan.SideSize : Math.Min(plan.Service.Update.Surge, serving);
        var there = blueGreen ? BlueGreen.NewSide(plan, rollout).Length : StandingIn(plan, rollout);
        for (var have = there; have < wanted; have++)
        {
            if (TargetOf(plan, rollout, due) is not { } target)
            {
                return;
            }

            // Where the cell whose turn it is has no room for the canary, one with the old release stands in elsewhere.
            var lastCell = target.RunsSameAs(rollout.To) ? CellOrder.LastOpen(plan, rollout) : int.MaxValue;
            if ((HostFor(plan, due, lastCell) ?? HostFor(plan, due, int.MaxValue)) is not { } host)
            {
                NoRoom(plan, blueGreen);
                return;
            }

            plan.Place(
                NextInstance(plan, host.Host), host.Host, plan.CellRank(host.Host) <= lastCell ? target : rollout.From,
                unlisted: blueGreen && rollout.SwitchedAt is null);
        }
    }

    /// <summary>
    /// While a rollout stands, one that has what is new and serves nobody may never do so: for what goes on meanwhile, a drain
    /// or a restart for a file, another one stands in.
    /// </summary>
    private static int StandingIn(ServicePlan plan, Rollout rollout)
    {
        var stands = rollout.Phase == RolloutPhase.Halted || plan.IsPaused(rollout);
        return plan.Roster.Surplus.Count(
            p => !stands || !plan.Has(p, rollout.To) || Budget.IsAvailable(plan.State, p));
    }

    /// <summary>
    /// What a superseded rollout has started has a target that nobody wants any more. It stands in for nobody longer than the
    /// budget needs, so that the next canary is a spare one too and never three releases serve for a whole stage.
    /// </summary>
    public static void RemoveSuperseded(ServicePlan plan, Rollout rollout, Budget budget)
    {
        foreach (var placed in plan.Roster.Surplus.Where(p => IsSuperseded(plan, rollout, p)))
        {
            Leave(plan, placed, Moving.Why(plan, placed) ?? "another rollout has taken the place of the one it was for", budget);
        }
    }

    public static void Remove(ServicePlan plan, Rollout rollout, ImmutableArray<PlacedOn> due, Budget budget)
    {
        var surplus = plan.Roster.Surplus.Where(p => !IsSuperseded(plan, rollout, p)).ToImmutableArray();
        var keep = Keep(plan, rollout, due);
        var blueGreen = ServicePlan.IsBlueGreen(rollout) && rollout.Phase is RolloutPhase.Running or RolloutPhase.Halted;
        var leaving = surplus
            .OrderBy(p => blueGreen ? plan.Has(p, rollout.To) : budget.Serves(p))
            .ThenBy(p => plan.Has(p, rollout.To))
            .ThenByDescending(p => p.Placement.Instance)
            .ToImmutableArray();
        foreach (var (placed, at) in leaving.Select((p, i) => (p, i)))
        {
            var useless = !plan.Has(placed, rollout.To)
                && (blueGreen || (!budget.Serves(placed) && !plan.Has(placed, rollout.From)));
            var moves = Moving.Why(plan, placed);
            if (at >= surplus.Length - keep && !useless && moves is null && !TakesRoom(plan, placed))
            {
                continue;
            }

            Leave(plan, placed, moves ?? TooMany(plan.Service.Scale), budget);
        }
    }

    public static string TooMany(ScaleSpec scale) => string.Create(
        CultureInfo.InvariantCulture,
        $"{scale.Instances ?? scale.PerHost ?? 1} {(scale.Instances is null ? "per host are" : "in all are")} wanted");

    /// <summary>While it goes forward: what goes back uses whatever serves, and is over sooner.</summary>
    private static bool IsSuperseded(ServicePlan plan, Rollout rollout, PlacedOn placed) =>
        rollout.Phase == RolloutPhase.Running && !ServicePlan.IsBlueGreen(rollout) && !plan.IsPaused(rollout)
        && !plan.Has(placed, rollout.To) && !plan.Has(placed, rollout.From);

    private static void Leave(ServicePlan plan, PlacedOn placed, string why, Budget budget)
    {
        if (budget.MayTake(placed))
        {
            budget.Take(placed);
            plan.Remove(placed, why);
        }
        else
        {
            plan.Wait(
                HoldReason.WaitsForTurn,
                $"{placed.Placement.Instance} on {placed.Host} is one more than wanted, and stays until the others are ready");
        }
    }

    /// <summary>
    /// How many may stay: they are needed as long as something is to be changed or moved, and as long as they are all that
    /// serves in the place of those that fit nowhere now.
    /// </summary>
    private static int Keep(ServicePlan plan, Rollout rollout, ImmutableArray<PlacedOn> due)
    {
        var surplus = plan.Roster.Surplus.Length;
        return plan.Missing + rollout.Phase switch
        {
            RolloutPhase.Running when ServicePlan.IsBlueGreen(rollout) => plan.SideSize,
            RolloutPhase.Halted => surplus,
            RolloutPhase.Running when plan.IsPaused(rollout) => surplus,
            _ => Math.Min(plan.Service.Update.Surge, Others(plan, due).Count()),
        };
    }

    /// <summary>
    /// Whether it takes the only room of one that is missing. That one comes back where this one is, if the budget can spare it
    /// for so long; else this one serves in its place.
    /// </summary>
    private static bool TakesRoom(ServicePlan plan, PlacedOn spare)
    {
        if (!Promises.Without(plan).Any() || Moving.HasElsewhere(plan))
        {
            return false;
        }

        plan.Board.Remove(spare);
        var fits = Moving.HasElsewhere(plan);
        plan.Board.Add(spare.Host, spare.Placement);
        return fits;
    }

    /// <summary>Null: no spare one is to be placed now.</summary>
    private static RolloutTarget? TargetOf(ServicePlan plan, Rollout rollout, ImmutableArray<PlacedOn> due)
    {
        if (ServicePlan.IsBlueGreen(rollout) && rollout.Phase == RolloutPhase.Running)
        {
            return plan.IsPaused(rollout) ? null : rollout.To;
        }

        var stages = plan.StagesOf(rollout);
        var first = stages.IsEmpty || rollout.Allowed <= stages[0];
        var goesOn = rollout.Phase is RolloutPhase.RollingBack or RolloutPhase.Completed
            || (rollout.Phase == RolloutPhase.Running && (!first || plan.RoomIn(rollout) > 0));
        return goesOn && !plan.IsPaused(rollout) ? rollout.To
            : !Others(plan, due).Any(p => Moving.Why(plan, p) is not null || Rereading.Of(plan, p) is not null) ? null
            : rollout.Phase == RolloutPhase.Completed ? rollout.To
            : rollout.From;
    }

    /// <summary>Those that spare ones stand in for; a spare one needs no other.</summary>
    private static IEnumerable<PlacedOn> Others(ServicePlan plan, ImmutableArray<PlacedOn> due)
    {
        var spares = plan.Roster.Surplus.Select(p => p.Placement.Instance).ToImmutableSortedSet();
        return due.Where(p => !spares.Contains(p.Placement.Instance));
    }

    private static BoardHost? HostFor(ServicePlan plan, ImmutableArray<PlacedOn> due, int lastCell) =>
        plan.Service.Scale.Instances is not null
            ? Spread.Best(plan.Board, plan.Service, h => plan.CellRank(h.Host) <= lastCell)
            : due.Where(p => plan.CellRank(p) <= lastCell).Select(p => plan.Board.Find(p.Host)!).Distinct()
                .Where(h => h.WhyNotNew(plan.Service) is null)
                .MinBy(h => h.CountOf(plan.Service.Name));

    /// <summary>One that the roster calls surplus: on told hosts those with the lowest indexes are the regular ones.</summary>
    private static InstanceId NextInstance(ServicePlan plan, HostId host)
    {
        var taken = plan.TakenIndexes;
        return plan.NextInstance(host, plan.Service.Scale.Instances ?? (taken.IsEmpty ? 0 : taken.Max + 1));
    }

    private static void NoRoom(ServicePlan plan, bool blueGreen)
    {
        if (!blueGreen && plan.Service.Update.MaxUnavailable > 0)
        {
            return;   // it goes on without
        }

        var reasons = Spread.WhyNowhere(plan.Board, plan.Service);
        plan.Wait(
            HoldReason.NoRoomForSpare,
            string.Create(CultureInfo.InvariantCulture,
                $"none of {plan.Service.Name}'s instances may be away, and a spare one fits nowhere: {reasons}"),
            blueGreen
                ? "add hosts or free some of what is taken: the new side needs as much room as the old one"
                : $"add a host that fits, or allow one to be away: update: {{ max_unavailable: 1 }} in {plan.Service.Name}");
    }
}
