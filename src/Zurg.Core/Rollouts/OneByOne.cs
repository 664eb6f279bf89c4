using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A change to running instances: one at a time, each ready before the next is touched. An instance that is not ready anyway goes
/// first, since touching it costs nothing; so a fix gets past the release that it fixes.
/// </summary>
internal static class OneByOne
{
    public static void Plan(ServicePlan plan)
    {
        var placed = plan.Staying.ToImmutableArray();
        var due = placed.Where(p => !plan.IsCurrent(p) || Misplaced(plan, p)).ToImmutableArray();
        if (due.IsEmpty)
        {
            return;
        }

        // Stopping and starting are a person's word for the whole service, and what does not run loses nothing by a change.
        var atOnce = due.Where(p => p.Placement.Wanted != plan.Wanted(p.Placement.Instance).Wanted || plan.Stopped)
            .ToImmutableArray();
        foreach (var instance in atOnce)
        {
            Touch(plan, instance);
        }

        due = [.. due.Except(atOnce)];
        if (due.IsEmpty)
        {
            return;
        }

        var down = placed.Where(p => Readiness.WhyNot(plan.State, Listed(p)) is not null)
            .Select(p => p.Placement.Instance)
            .ToImmutableSortedSet();
        var busy = placed.Except(due).FirstOrDefault(p => Readiness.WhyNot(plan.State, p) is not null);
        var next = due.Where(p => Reachable(plan, p))
            .OrderBy(p => down.Contains(p.Placement.Instance) ? 0 : p.Placement.DrainingSince is not null ? 1 : 2)
            .FirstOrDefault();
        var other = due.FirstOrDefault(p => p != next && down.Contains(p.Placement.Instance));
        if (busy is not null || !atOnce.IsEmpty)
        {
            WaitTurn(
                plan, due,
                busy is null ? "the ones just started are ready" : $"{busy.Placement.Instance} on {busy.Host} is ready");
        }
        else if (next is null || (other is not null && !down.Contains(next.Placement.Instance)))
        {
            var silent = other ?? due[0];
            WaitTurn(plan, due, $"{silent.Placement.Instance} on {silent.Host} is ready: until then one more away would be two");
        }
        else
        {
            Touch(plan, next);
            if (due.Length > 1)
            {
                WaitTurn(plan, [.. due.Where(p => p != next)], $"{next.Placement.Instance} is ready");
            }
        }
    }

    /// <summary>Restarts it in its place, or takes it away so that the next plan places it where it fits.</summary>
    private static void Touch(ServicePlan plan, PlacedOn placed)
    {
        plan.Board.Remove(placed);
        var why = plan.Board.Find(placed.Host)!.WhyNot(plan.Service);
        var elsewhere = why is not null && plan.Service.Scale.Instances is not null
            && Spread.Best(plan.Board, plan.Service) is not null;
        plan.Board.Add(placed.Host, placed.Placement);
        if (why is null || !Reachable(plan, placed))
        {
            plan.Change(placed, WhatChanges(plan, placed));
        }
        else if (elsewhere)
        {
            plan.Remove(placed, $"it fits there no more: {why}");
        }
        else
        {
            plan.Holds.Add(new Hold(
                HoldReason.NoHostFits,
                $"{placed.Placement.Instance} cannot change on {placed.Host}: {why}",
                "free what is taken on that host, or change the service in cluster.yaml")
            { Service = plan.Service.Name, Instance = placed.Placement.Instance, Host = placed.Host });
        }
    }

    private static string WhatChanges(ServicePlan plan, PlacedOn placed)
    {
        var wanted = plan.Wanted(placed.Placement.Instance);
        return wanted.Wanted != placed.Placement.Wanted ? (plan.Stopped ? "stopped by a person" : "started by a person")
            : wanted.Spec != placed.Placement.Spec ? "gets the new spec"
            : "is restarted because a person asked";
    }

    private static bool Misplaced(ServicePlan plan, PlacedOn placed) =>
        plan.Service.Scale.Instances is not null
        && plan.Board.Find(placed.Host) is { Facts: not null } host && host.LackedLabel(plan.Service) is not null;

    private static bool Reachable(ServicePlan plan, PlacedOn placed) =>
        plan.Board.Find(placed.Host)?.Facts?.Session == HostSession.Connected;

    private static void WaitTurn(ServicePlan plan, ImmutableArray<PlacedOn> due, string until) =>
        plan.Wait(HoldReason.WaitsForTurn, string.Create(
            CultureInfo.InvariantCulture, $"{due.Length} of {plan.Service.Name}'s instances wait for their turn until {until}"));

    private static PlacedOn Listed(PlacedOn placed) =>
        placed with { Placement = placed.Placement with { DrainingSince = null } };
}
