using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Room for instances that are wanted and have no place now. They were taken from where they were because they fit elsewhere, and
/// end there first: until they are placed again, over any number of plans, nothing else gets that room.
/// </summary>
internal static class Promises
{
    /// <summary>Made before anything is planned. Those that still end come first: what else is missing may be new.</summary>
    public static void Make(ImmutableArray<ServicePlan> plans)
    {
        var missing = plans.Where(IsPlaced).SelectMany(plan => MissingOf(plan).Select(i => (Plan: plan, Instance: i)))
            .OrderBy(m => m.Plan.IsLeaving(m.Instance) ? 0 : 1);
        var full = new HashSet<ServiceName>();
        foreach (var (plan, instance) in missing)
        {
            if (!full.Contains(instance.Service) && !TryMake(plan, instance))
            {
                full.Add(instance.Service);   // they are all alike
            }
        }
    }

    /// <returns>False when it fits nowhere now.</returns>
    public static bool TryMake(ServicePlan plan, InstanceId instance)
    {
        if (Spread.Best(plan.Board, plan.Service) is not { Host: var host })
        {
            return false;
        }

        plan.Board.Promise(host, instance, plan.Service.Instance);
        return true;
    }

    /// <summary>Which instances of a service that is spread over hosts have neither a place nor the promise of one.</summary>
    public static IEnumerable<InstanceId> Without(ServicePlan plan) =>
        plan.Service.Scale.Instances is null ? [] : MissingOf(plan)
            .Concat(plan.Roster.Lost.Select(p => p.Placement.Instance)).Where(i => !plan.Board.IsPromised(i));

    private static IEnumerable<InstanceId> MissingOf(ServicePlan plan)
    {
        var there = plan.Board.Of(plan.Service.Name).Select(p => p.Placement.Instance.Index).ToImmutableSortedSet();
        return Enumerable.Range(0, plan.Service.Scale.Instances ?? 0).Where(i => !there.Contains(i))
            .Select(i => new InstanceId(plan.Service.Name, i));
    }

    /// <summary>
    /// What waits for something else than room is promised none: it may wait for just the one that would have that room.
    /// </summary>
    private static bool IsPlaced(ServicePlan plan)
    {
        var (state, service) = (plan.State, plan.Service);
        var isKnown = plan.Applied.FindLeaving(service.Name) is null && plan.Intent.Retired is null
            && !state.Unreadable.ContainsKey(StoreKeys.Rollout(service.Name))
            && !state.Unreadable.ContainsKey(StoreKeys.Intent(service.Name));
        return isKnown && state.Rollouts.ContainsKey(service.Name)
            && (plan.Board.Of(service.Name).Count > 0
                || (state.Releases.ContainsKey(service.Instance.Release) && Scaling.Unmet(service, plan.Naming) is null));
    }
}
