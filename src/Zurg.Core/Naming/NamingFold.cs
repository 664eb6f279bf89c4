using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What is placed and what is known of hosts, folded into endpoint sets. Incremental: only the services of hosts whose facts or
/// placements changed are looked at, so a change on one host costs the same in a fleet of three and of five thousand.
/// </summary>
public static class NamingFold
{
    /// <param name="naming">The sets that follow from <paramref name="before"/>.</param>
    public static NamingState Next(NamingState naming, ClusterState before, ClusterState after)
    {
        var changed = ChangedHosts(before, after);
        if (changed.Count == 0)
        {
            return naming;
        }

        var fresh = changed.SelectMany(host => EndpointsOf(after, host)).ToLookup(e => e.Instance.Service);
        var services = changed.SelectMany(host => ServicesOf(before, host))
            .Concat(fresh.Select(g => g.Key))
            .ToImmutableSortedSet();
        var sets = naming.Sets;
        foreach (var service in services)
        {
            var old = naming.SetOf(service);
            var endpoints = old.Endpoints.Where(e => !changed.Contains(e.Host)).Concat(fresh[service])
                .OrderBy(e => e.Instance).ThenBy(e => e.Host).ToImmutableArray();
            if (!Same(old.Endpoints, endpoints))
            {
                sets = sets.SetItem(
                    service, new EndpointSet { Service = service, Revision = after.Revision, Endpoints = endpoints });
            }
        }

        return naming with { Sets = sets };
    }

    /// <summary>
    /// The endpoints that one host contributes: placed, wanted running, listed, not draining, and ready in this incarnation
    /// (promise 1); none of a lost one. It must be what the placement asks for: the commit that changes an instance ends its
    /// drain, and until its agent has heard of that the facts still say that the old one, which nobody uses any more, is ready.
    /// </summary>
    private static IEnumerable<Endpoint> EndpointsOf(ClusterState state, HostId host)
    {
        if (!state.Facts.TryGetValue(host, out var facts) || facts.Session == HostSession.Lost
            || !state.Placements.TryGetValue(host, out var placed))
        {
            return [];
        }

        var wanted = placed.Instances.Where(p =>
                p is { Wanted: WantedPhase.Running, DrainingSince: null } && p.Unlisted is not true)
            .ToImmutableSortedDictionary(p => p.Instance, p => p);
        return facts.Instances.Where(i => i.IsReady()
            && wanted.TryGetValue(i.Instance, out var what) && what.IsOf(i)).Select(i => new Endpoint
        {
            Instance = i.Instance,
            Incarnation = i.Incarnation,
            Host = host,
            Cell = facts.Description.Cell,
            Address = facts.Description.Address,
            Ports = i.Ports,
            Release = i.Release,
            State = facts.Session == HostSession.Connected ? EndpointState.Ready : EndpointState.Suspect,
        });
    }

    private static IEnumerable<ServiceName> ServicesOf(ClusterState state, HostId host) =>
        state.Facts.TryGetValue(host, out var facts) ? facts.Instances.Select(i => i.Instance.Service) : [];

    private static ImmutableSortedSet<HostId> ChangedHosts(ClusterState before, ClusterState after) =>
        Changed(before.Facts, after.Facts).Concat(Changed(before.Placements, after.Placements)).ToImmutableSortedSet();

    private static IEnumerable<HostId> Changed<T>(
        ImmutableSortedDictionary<HostId, T> before, ImmutableSortedDictionary<HostId, T> after) where T : class =>
        ReferenceEquals(before, after)
            ? []
            : before.Keys.Union(after.Keys).Where(h => !ReferenceEquals(before.GetValueOrDefault(h), after.GetValueOrDefault(h)));

    private static bool Same(ImmutableArray<Endpoint> left, ImmutableArray<Endpoint> right) =>
        left.Length == right.Length && left.Zip(right).All(pair => Same(pair.First, pair.Second));

    private static bool Same(Endpoint a, Endpoint b) =>
        (a.Instance, a.Incarnation, a.Host, a.Address, a.Cell, a.State, a.Release)
            == (b.Instance, b.Incarnation, b.Host, b.Address, b.Cell, b.State, b.Release)
        && a.Ports.SequenceEqual(b.Ports);
}
