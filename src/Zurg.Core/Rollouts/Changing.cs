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
        AtOnce(plan, rollout);
        if (plan.Stopped)
        {
            return;
        }

        BlueGreen.List(plan, rollout);
        var due = plan.Roster.Regular.Where(p => !plan.Has(p, rollout.To) || Moving.Why(plan, p) is not null).ToImmutableArray();
        Spares.Place(plan, rollout, due);
        var roster = plan.Roster;
        var budget = new Budget(
            plan.State, plan.Service.Update, roster.Regular.Length + roster.Lost.Length, roster.Staying);
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

    private static void ChangeDue(ServicePlan plan, Rollout rollout, ImmutableArray<PlacedOn> due, Budget budget)
    {
        var room = plan.RoomIn(rollout);
        var (later, blocked) = (0, 0);
        foreach (var placed in due.Where(plan.IsReachable).OrderBy(p => Rank(plan, p, budget)))
        {
            var moves = Moving.Why(plan, placed);
            if (moves is null && room <= 0)
            {
                later++;
            }
            else if (!budget.MayTake(placed))
            {
                blocked++;
            }
            else if (moves is not null && !plan.MayDisplace(placed, moves))
            {
                later++;
            }
            else if (moves is not null)
            {
                budget.Take(placed);
                Moving.Away(plan, placed, moves);
            }
            else if (Preparing.WhyNot(plan, placed, rollout.To, budget) is { } hold)
            {
                plan.Holds.Add(hold);
            }
            else
            {
                room--;
                budget.Take(placed);
                InPlace(plan, placed, rollout);
            }
        }

        WaitTurn(plan, rollout, later, blocked);
    }

    private static (int Cell, int Cost, InstanceId Instance) Rank(ServicePlan plan, PlacedOn placed, Budget budget) => (
        plan.Service.Update.ByCell is true ? plan.CellRank(placed) : 0,
        !budget.Serves(placed) ? 0 : placed.Placement.DrainingSince is not null ? 1 : 2,
        placed.Placement.Instance);

    /// <summary>Restarts it where it is, or takes it away so that the next plan places it where it fits.</summary>
    private static void InPlace(ServicePlan plan, PlacedOn placed, Rollout rollout)
    {
        plan.Board.Remove(placed);
        var why = plan.Board.Find(placed.Host)!.WhyNot(plan.Service);
        plan.Board.Add(placed.Host, placed.Placement);
        if (why is null)
        {
            plan.Change(placed, rollout.To, WhatChanges(plan, placed, rollout));
        }
        else
        {
            Moving.Away(plan, placed, $"it fits there no more: {why}");
        }
    }

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
            var until = busy is null ? "" : $" until {busy.Placement.Instance} on {busy.Host} is ready";
            plan.Wait(HoldReason.WaitsForTurn, string.Create(
                CultureInfo.InvariantCulture,
                $"{blocked} of {plan.Service.Name}'s instances wait for their turn{until}: "
                    + $"{plan.Service.Update.MaxUnavailable} may be away at once"));
        }
        else if (later > 0 && rollout.Phase == RolloutPhase.Running && !plan.IsPaused(rollout) && rollout.StageReadyAt is null)
        {
            plan.Wait(HoldReason.WaitsForTurn, string.Create(
                CultureInfo.InvariantCulture,
                $"{later} of {plan.Service.Name}'s instances wait for their turn until those with the new one are ready"));
        }
    }
}
