using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Places what is missing, and takes away what belongs on its host no more.</summary>
internal static class Scaling
{
    public static void Plan(ServicePlan plan, Rollout rollout)
    {
        var missing = Missing(plan).ToImmutableArray();
        var isNew = plan.Board.Of(plan.Service.Name).Count == 0;
        if (isNew && !missing.IsEmpty && Unmet(plan.Service, plan.Naming) is { } dependency)
        {
            plan.Wait(
                HoldReason.WaitsForDependency,
                $"{plan.Service.Name} waits for {dependency}, which has no ready endpoint yet",
                $"zurg explain {dependency}");
            return;
        }

        // Placing comes first: an index that a removal frees is given away by a later plan only, so that no commit of this one,
        // landing alone, leaves one instance on two hosts.
        foreach (var gap in missing)
        {
            if (gap.Host is { } host)
            {
                PlaceOn(plan, rollout, host);
            }
            else
            {
                PlaceAnywhere(plan, rollout, new InstanceId(plan.Service.Name, gap.Index));
            }
        }

        RemoveDisplaced(plan);
    }

    /// <summary>
    /// An instance whose host the spec names no more leaves once those that replace it are ready. One whose host is emptied, or
    /// lost its label, has nobody to wait for: none is started elsewhere in its place. It stays while the budget cannot spare it,
    /// or no other one serves.
    /// </summary>
    private static void RemoveDisplaced(ServicePlan plan)
    {
        var roster = plan.Roster;
        if (roster.Displaced.IsEmpty)
        {
            return;
        }

        var wanted = roster.Regular.Concat(roster.Lost).ToImmutableArray();
        var budget = new Budget(plan.State, plan.Service.Update, wanted.Length, roster.Staying.Concat(roster.Displaced));
        var late = roster.Regular.Where(plan.IsReachable).Concat(roster.Lost).FirstOrDefault(p => !plan.IsReady(p));
        var (away, serves) = (wanted.FirstOrDefault(p => !budget.Serves(p)), roster.Regular.Any(budget.Serves));
        foreach (var leaving in roster.Displaced)
        {
            var why = Roster.WhyDisplaced(plan.State, plan.Board, plan.Service, leaving.Host)!;
            var asked = plan.IsAsked(leaving.Host);
            var replaces = asked && !plan.State.IsLost(leaving.Host) ? late : null;
            var last = budget.MayTake(leaving) && (serves || !budget.Serves(leaving)) ? null : away;
            if ((replaces ?? last) is { } waitsFor)
            {
                plan.Wait(
                    HoldReason.WaitsForTurn,
                    $"{leaving.Placement.Instance} leaves {leaving.Host} "
                        + $"once {waitsFor.Placement.Instance} on {waitsFor.Host} is ready"
                        + (replaces is null ? ": too few others serve" : ""));
            }
            else if (asked || plan.MayDisplace(leaving, why))
            {
                budget.Take(leaving);
                plan.Remove(leaving, why);
            }
        }
    }

    /// <summary>One for each instance that is missing, before any of them is placed.</summary>
    private static IEnumerable<Gap> Missing(ServicePlan plan)
    {
        var (board, service) = (plan.Board, plan.Service);
        if (service.Scale.Instances is { } count)
        {
            var there = board.Of(service.Name).Select(p => p.Placement.Instance.Index).ToImmutableSortedSet();
            return Enumerable.Range(0, count).Where(i => !there.Contains(i)).Select(i => new Gap(i));
        }

        return service.Scale.Hosts.IsEmpty
            ? board.Hosts.Where(h => h.Facts?.Session == HostSession.Connected && Belongs(plan, h.Host))
                .SelectMany(h => Enumerable.Repeat(
                    new Gap(Host: h.Host), Math.Max(0, (service.Scale.PerHost ?? 1) - h.CountOf(service.Name))))
            : service.Scale.Hosts.Where(h => board.Find(h)?.CountOf(service.Name) is not > 0 && plan.State.DrainOf(h) is null)
                .Select(h => new Gap(Host: h));
    }

    private static bool Belongs(ServicePlan plan, HostId host) =>
        Roster.WhyDisplaced(plan.State, plan.Board, plan.Service, host) is null;

    private static void PlaceAnywhere(ServicePlan plan, Rollout rollout, InstanceId instance)
    {
        plan.Board.Lift(instance);
        if (Spread.Best(plan.Board, plan.Service) is not { Host: var host })
        {
            plan.Holds.Add(Spread.NoHostFits(plan.Board, plan.Service, instance));
        }
        else if (plan.LeavesFirst(instance, host) is { } old)
        {
            plan.Board.Promise(host, instance, plan.Service.Instance);
            plan.Holds.Add(new Hold(
                HoldReason.WaitsForTurn, $"{instance} starts on {host} once it has ended on {old}: there are never two of it",
                $"zurg explain {instance.Service} says what it waits for on {old}")
            { Service = instance.Service, Instance = instance, Host = host });
        }
        else
        {
            plan.Place(instance, host, plan.ForNew(rollout, host));
        }
    }

    private static void PlaceOn(ServicePlan plan, Rollout rollout, HostId host)
    {
        var known = plan.Board.Find(host);
        var why = known is null ? "it has not joined the cluster" : known.WhyNotNew(plan.Service);
        if (why is null)
        {
            plan.Place(plan.NextInstance(host), host, plan.ForNew(rollout, host));
            return;
        }

        plan.Holds.Add(new Hold(
            HoldReason.NoHostFits,
            $"{plan.Service.Name} cannot be placed on {host}: {why}",
            known is null
                ? $"start its agent (zurg agent --host {host} ...), or take it out of hosts: in cluster.yaml"
                : known.LowText is not null ? Spread.MendOfLow
                : "free what is taken on that host, or change the service in cluster.yaml")
        { Service = plan.Service.Name, Host = host });
    }

    /// <summary>The first dependency without an endpoint; null when there is none.</summary>
    public static ServiceName? Unmet(ServiceSpec service, NamingState naming)
    {
        foreach (var dependency in service.DependsOn)
        {
            if (naming.SetOf(dependency).Endpoints.IsEmpty)
            {
                return dependency;
            }
        }

        return null;
    }

    /// <param name="Index">Of an instance that may go anywhere.</param>
    /// <param name="Host">The only one where it belongs; which index it gets there is seen when it is placed.</param>
    private sealed record Gap(int Index = 0, HostId? Host = null);
}
