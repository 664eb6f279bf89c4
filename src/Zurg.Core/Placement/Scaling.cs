using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How many instances, and where: removes what is too many, places what is missing.</summary>
internal static class Scaling
{
    public static void Plan(ServicePlan plan)
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
        foreach (var place in missing)
        {
            place();
        }

        RemoveExcess(plan);
    }

    private static void RemoveExcess(ServicePlan plan)
    {
        var placed = plan.Board.Of(plan.Service.Name).Reverse().ToImmutableArray();
        var displaced = placed.Where(p => WhyDisplaced(plan, p) is not null).ToImmutableArray();
        foreach (var surplus in placed.Except(displaced))
        {
            if (WhyTooMany(plan, surplus) is { } why)
            {
                plan.Remove(surplus, why);
            }
        }

        // Those whose host is no longer wanted leave once the ones that replace them are ready.
        var waitsFor = placed.Except(displaced).FirstOrDefault(p => Readiness.WhyNot(plan.State, p) is not null);
        foreach (var leaving in displaced)
        {
            if (waitsFor is null)
            {
                plan.Remove(leaving, WhyDisplaced(plan, leaving)!);
            }
            else
            {
                plan.Stay(leaving);
                plan.Wait(
                    HoldReason.WaitsForTurn,
                    $"{leaving.Placement.Instance} leaves {leaving.Host} "
                        + $"once {waitsFor.Placement.Instance} on {waitsFor.Host} is ready");
            }
        }
    }

    private static string? WhyDisplaced(ServicePlan plan, PlacedOn placed)
    {
        var scale = plan.Service.Scale;
        return scale.Instances is not null ? null
            : !scale.Hosts.IsEmpty && !scale.Hosts.Contains(placed.Host) ? $"{placed.Host} is not among its hosts"
            : plan.Board.Find(placed.Host) is { Facts: not null } host && host.LackedLabel(plan.Service) is { } label
                ? $"{placed.Host} has no label {label}"
            : null;
    }

    private static string? WhyTooMany(ServicePlan plan, PlacedOn placed)
    {
        var scale = plan.Service.Scale;
        var (wanted, there) = scale.Instances is { } count
            ? (count, placed.Placement.Instance.Index + 1)
            : (scale.PerHost ?? 1, plan.Board.Find(placed.Host)!.CountOf(plan.Service.Name));
        return there <= wanted
            ? null
            : string.Create(
                CultureInfo.InvariantCulture, $"{wanted} {(scale.Instances is null ? "per host are" : "in all are")} wanted");
    }

    /// <summary>One action for each instance that is missing; each looks at the board as the ones before it left it.</summary>
    private static IEnumerable<Action> Missing(ServicePlan plan)
    {
        var (board, service) = (plan.Board, plan.Service);
        if (service.Scale.Instances is { } count)
        {
            var there = board.Of(service.Name).Select(p => p.Placement.Instance.Index).ToImmutableSortedSet();
            return Enumerable.Range(0, count).Where(i => !there.Contains(i))
                .Select(i => (Action)(() => PlaceAnywhere(plan, new InstanceId(service.Name, i))));
        }

        return service.Scale.Hosts.IsEmpty
            ? board.Hosts.Where(h => h.Facts?.Session == HostSession.Connected && h.LackedLabel(service) is null)
                .SelectMany(h => Enumerable.Range(0, Math.Max(0, (service.Scale.PerHost ?? 1) - h.CountOf(service.Name)))
                    .Select(_ => (Action)(() => PlaceOn(plan, h.Host))))
            : service.Scale.Hosts.Where(h => board.Find(h)?.CountOf(service.Name) is not > 0)
                .Select(h => (Action)(() => PlaceOn(plan, h)));
    }

    private static void PlaceAnywhere(ServicePlan plan, InstanceId instance)
    {
        if (Spread.Best(plan.Board, plan.Service) is { } host)
        {
            plan.Place(instance, host.Host);
        }
        else
        {
            plan.Holds.Add(Spread.NoHostFits(plan.Board, plan.Service, instance));
        }
    }

    private static void PlaceOn(ServicePlan plan, HostId host)
    {
        var known = plan.Board.Find(host);
        var why = known is null ? "it has not joined the cluster" : known.WhyNotNew(plan.Service);
        if (why is null)
        {
            plan.Place(plan.Board.NextInstance(plan.Service.Name), host);
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

    private static ServiceName? Unmet(ServiceSpec service, NamingState naming)
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
}
