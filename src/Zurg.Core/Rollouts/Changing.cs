using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Brings instances from what they have to what they are to have, or away from where they may not stay: as many as the rollout's
/// stage lets and the budget can spare. What serves nobody goes first, since touching it costs nothing; so a fix gets past the
/// release that it fixes.
/// </summary>
internal static class Changing
{
    public static void Plan(ServicePlan plan, Rollout rollout)
    {
        Losing.Plan(plan);
        if (plan.Stopped)
        {
            SortStopped(plan, rollout);
            AtOnce(plan, rollout);
            return;
        }

        AtOnce(plan, rollout);
        Sides.List(plan, rollout);
        if (StrictSwitch.IsTurning(plan, rollout))
        {
            return;
        }

        var due = plan.Roster.Regular
            .Where(p => !plan.Has(p, rollout.To) || Moving.Why(plan, p) is not null || Rereading.Of(plan, p) is not null)
            .Concat(Rereading.OfSpares(plan, rollout))
            .ToImmutableArray();
        Spares.Place(plan, rollout, due);
        var roster = plan.Roster;
        var budget = new Budget(plan.State, plan.Service.Update, plan.Wanted, roster.Staying);
        Spares.RemoveSuperseded(plan, rollout, budget);
        ChangeDue(plan, rollout, due, budget);
        Spares.Remove(plan, rollout, due, budget);
    }

    /// <summary>
    /// Stopping and starting are a person's word for the whole service, and what does not run loses nothing by a change.
    /// </summary>
    private static void AtOnce(ServicePlan plan, Rollout rollout)
    {
        var proven = rollout.Phase is RolloutPhase.Completed or RolloutPhase.RollingBack;
        foreach (var placed in plan.Roster.Staying.Where(p => p.Placement.Wanted != plan.Phase
            || (plan.Stopped && proven && !plan.Has(p, rollout.To))))
        {
            var target = proven || plan.Has(placed, rollout.To) ? rollout.To : rollout.From;
            plan.Change(placed, target, plan.Stopped ? "stopped by a person" : "started by a person");
        }
    }

    /// <summary>
    /// What is stopped serves nobody: it leaves at once where it is one too many or may not stay. Spare ones of a change that
    /// goes on when the service is started again are none too many.
    /// </summary>
    private static void SortStopped(ServicePlan plan, Rollout rollout)
    {
        var roster = plan.Roster;
        foreach (var placed in roster.Surplus.Where(IsStopped))
        {
            var why = rollout.Phase == RolloutPhase.Completed ? Spares.TooMany(plan.Service.Scale) : Moving.Why(plan, placed);
            if (why is not null)
            {
                plan.Remove(placed, why);
            }
        }

        foreach (var placed in roster.Regular.Where(p => IsStopped(p) && plan.IsReachable(p)))
        {
            if (Moving.Why(plan, placed) is not { } why)
            {
                continue;   // it is where it belongs
            }

            if (!Moving.HasElsewhere(plan))
            {
                plan.Holds.Add(Moving.Nowhere(plan, placed, why));
            }
            else if (plan.MayDisplace(placed, why))
            {
                Promises.TryMake(plan, placed.Placement.Instance);
                plan.Remove(placed, why);
            }
        }
    }

    private static bool IsStopped(PlacedOn placed) => placed.Placement.Wanted == WantedPhase.Stopped;

    private static void ChangeDue(ServicePlan plan, Rollout rollout, ImmutableArray<PlacedOn> due, Budget budget)
    {
        var (room, lastCell) = (plan.RoomIn(rollout), CellOrder.LastOpen(plan, rollout));
        var standIns = Moving.StandIns(plan, rollout, budget);
        var (later, blocked) = (0, 0);

        // A spare one comes last: it stands in for the others.
        var spares = plan.Roster.Surplus.Select(p => p.Placement.Instance).ToImmutableSortedSet();
        foreach (var placed in due.Where(plan.IsReachable)
            .OrderBy(p => spares.Contains(p.Placement.Instance)).ThenBy(p => Rank(plan, p, rollout, budget)))
        {
            var (moves, misfit) = (Moving.Why(plan, placed), Moving.WhyMisfit(plan, placed));
            var rereads = Rereading.Of(plan, placed);
            var hasTurn = room > 0 && plan.CellRank(placed) <= lastCell && !plan.Has(placed, rollout.To);
            var isStuck = false;
            if ((moves is not null || hasTurn) && (moves ?? misfit) is { } stuck
                && !Moving.HasElsewhere(plan) && (moves is null || standIns <= 0))
            {
                plan.Holds.Add(Moving.Nowhere(plan, placed, stuck));
                moves = null;   // it cannot leave, so it is changed where it is, if that can be
                isStuck = misfit is not null || plan.Has(placed, rollout.To);
                hasTurn &= !isStuck;
            }

            if (moves is null && !hasTurn && rereads is null)
            {
                later += isStuck ? 0 : 1;
            }
            else if (!budget.MayTake(placed))
            {
                blocked++;
            }
            else if (moves is not null && !plan.MayDisplace(placed, moves))
            {
                later++;
                rereads?.Do(plan, placed, budget);
            }
            else if ((moves ?? (hasTurn ? misfit : null)) is { } leaves)
            {
                room -= moves is null ? 1 : 0;
                budget.Take(placed);
                standIns -= Promises.TryMake(plan, placed.Placement.Instance) ? 0 : 1;
                plan.Remove(placed, leaves);
            }
            else if (!hasTurn)
            {
                rereads?.Do(plan, placed, budget);
            }
            else if (Preparing.WhyNot(plan, placed, rollout.To, budget) is { } hold)
            {
                plan.Holds.Add(hold);
                rereads?.Do(plan, placed, budget);
            }
            else
            {
                room--;
                budget.Take(placed);
                plan.Change(placed, rollout.To, WhatChanges(plan, placed, rollout));
            }
        }

        WaitTurn(plan, rollout, later, blocked);
    }

    private static (int Cell, int Cost, bool HasFrom, InstanceId Instance) Rank(
        ServicePlan plan, PlacedOn placed, Rollout rollout, Budget budget) => (
        plan.Service.Update.ByCell is true ? plan.CellRank(placed) : 0,
        !budget.Serves(placed) ? 0 : placed.Placement.DrainingSince is not null ? 1 : 2,
        plan.Has(placed, rollout.From),
        placed.Placement.Instance);

    private static string WhatChanges(ServicePlan plan, PlacedOn placed, Rollout rollout)
    {
        var placement = placed.Placement;
        var from = plan.State.InstanceSpecs.GetValueOrDefault(placement.Spec)?.Release;
        return placement.Spec == rollout.To.DigestOf(placement.Instance) ? "is restarted because a person asked"
            : rollout.Phase == RolloutPhase.RollingBack ? $"goes back to release {rollout.To.Release.Version}"
            : from != rollout.To.Release ? $"gets release {rollout.To.Release.Version}"
            : "gets the new spec";
    }

    private static void WaitTurn(ServicePlan plan, Rollout rollout, int later, int blocked)
    {
        if (blocked > 0)
        {
            var busy = plan.Board.Of(plan.Service.Name).FirstOrDefault(p => !Budget.IsAvailable(plan.State, p));
            var until = busy is not null ? $" until {busy.Placement.Instance} on {busy.Host} is ready"
                : plan.Roster.Regular.Length < plan.Wanted ? " until all that are wanted have a place"
                : "";
            plan.Wait(HoldReason.WaitsForTurn, string.Create(
                CultureInfo.InvariantCulture,
                $"{blocked} of {plan.Service.Name}'s instances wait for their turn{until}: "
                    + $"{plan.Service.Update.MaxUnavailable} may be away at once"));
        }
        else if (later > 0 && rollout is { Phase: RolloutPhase.Running, StageReadyAt: null, ClosedAt: null, SwitchedAt: null }
            && !plan.IsPaused(rollout))
        {
            plan.Wait(HoldReason.WaitsForTurn, string.Create(
                CultureInfo.InvariantCulture,
                $"{later} of {plan.Service.Name}'s instances wait for their turn until those with the new one are ready"));
        }
    }
}
