using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// Sees every commit at the moment it becomes true and holds it against the promises of DESIGN.md section 6, with the hosts' real
/// processes as witnesses. It folds the store with the production fold and judges with rules of its own.
/// </summary>
internal sealed class Oracle(Sim sim, SortedDictionary<HostId, SimHost> hosts)
{
    /// <summary>Instances changed on purpose and not ready since, by service.</summary>
    private readonly SortedDictionary<ServiceName, SortedSet<InstanceId>> _away = [];

    public ClusterState State { get; private set; } = ClusterState.Empty;

    public NamingState Naming { get; private set; } = NamingState.Empty;

    public void OnCommit(StoreCommit commit)
    {
        var before = State;
        var revision = before.Revision.Next;
        State = commit.Writes.Aggregate(State, (s, w) => ClusterFold.Apply(s, w.Key, w.Value, revision));
        var naming = NamingFold.Next(Naming, before, State);
        foreach (var (service, set) in naming.Sets)
        {
            CheckSet(Naming.SetOf(service), set);
        }

        Naming = naming;
        sim.Demand(
            State.Unreadable.IsEmpty, "the store holds what cannot be read: " + string.Join(", ", State.Unreadable.Values));
        CheckConfirmed(commit);
        CheckPlacedOnce();
        CheckOneAway(before);
    }

    /// <summary>Promise 1: only what passed its probe in this incarnation is published, and revisions never go back.</summary>
    private void CheckSet(EndpointSet old, EndpointSet set)
    {
        sim.Demand(
            set.Revision >= old.Revision, $"the revision of {set.Service} went back from {old.Revision} to {set.Revision}");
        var fresh = set.Endpoints.Where(
            e => !old.Endpoints.Any(o => o.Instance == e.Instance && o.Incarnation == e.Incarnation));
        foreach (var endpoint in fresh)
        {
            var process = hosts[endpoint.Host].Find(endpoint.Instance, endpoint.Incarnation);
            sim.Demand(
                process is { WasSeenReady: true },
                $"{endpoint.Instance} #{endpoint.Incarnation} on {endpoint.Host} is published though its probe never passed");
        }
    }

    public bool Follows(HostId host, ServiceName service) =>
        State.Facts.GetValueOrDefault(host)?.Follows.Contains(service) == true;

    /// <summary>Promise 2: what is said to be confirmed, the consumers of every host really use.</summary>
    private void CheckConfirmed(StoreCommit commit)
    {
        var written = commit.Writes.Select(w => w.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var confirmed in State.Confirmed.Values.Where(c => written.Contains(StoreKeys.Confirmed(c.Service))))
        {
            sim.Count("speaker: said how far consumers are");
            foreach (var host in hosts.Values)
            {
                var used = host.Consumers.UsedOf(confirmed.Service)?.Revision;
                sim.Demand(
                    used is null || used >= confirmed.Lowest,
                    $"{host.Id} uses {confirmed.Service} at {used}, and {confirmed.Lowest} is said to be confirmed");
            }
        }
    }

    private void CheckPlacedOnce()
    {
        var placements = State.Placements.Values.SelectMany(p => p.Instances);
        foreach (var twice in placements.GroupBy(p => p.Instance).Where(g => g.Count() > 1))
        {
            sim.Violate($"{twice.Key} is placed on two hosts");
        }
    }

    /// <summary>
    /// Promise 6 before rollouts: of each service at most one instance that was ready is away on purpose. To change one that was
    /// down anyway takes nothing away.
    /// </summary>
    private void CheckOneAway(ClusterState before)
    {
        var old = Placements(before);
        var placed = Placements(State);
        foreach (var (instance, (_, placement)) in placed)
        {
            // Stopping and starting is for all at once, by a person's word, and so is having fewer.
            if (IsToStay(instance) && old.TryGetValue(instance, out var was) && was.Placement != placement && was.Placement.Wanted == placement.Wanted
                && placement.Wanted == WantedPhase.Running && IsReady(before, was))
            {
                AwayOf(instance.Service).Add(instance);
                sim.Count("decider: changed an instance");
            }
        }

        foreach (var (service, away) in _away)
        {
            away.RemoveWhere(
                i => !IsToStay(i) || !placed.TryGetValue(i, out var p) || p.Placement.Wanted != WantedPhase.Running
                    || (IsReady(State, p) && p.Placement.DrainingSince is null));
            sim.Demand(away.Count <= 1, $"{away.Count} instances of {service} are away on purpose: {string.Join(' ', away)}");
        }
    }

    private bool IsToStay(InstanceId instance) =>
        !State.IntentOf(instance.Service).Stopped
        && !(State.Applied?.Spec.Find(instance.Service)?.Scale.Instances <= instance.Index);

    private static bool IsReady(ClusterState state, (HostId Host, Placement Placement) placed) =>
        state.Facts.GetValueOrDefault(placed.Host)?.Find(placed.Placement.Instance) is { } status
        && status.IsReady() && status.Spec == placed.Placement.Spec && status.Restarts == placed.Placement.Restarts;

    private SortedSet<InstanceId> AwayOf(ServiceName service) =>
        _away.TryGetValue(service, out var away) ? away : _away[service] = [];

    private static ImmutableSortedDictionary<InstanceId, (HostId Host, Placement Placement)> Placements(ClusterState state)
    {
        var all = ImmutableSortedDictionary.CreateBuilder<InstanceId, (HostId, Placement)>();
        foreach (var host in state.Placements.Values)
        {
            foreach (var placement in host.Instances)
            {
                all[placement.Instance] = (host.Host, placement);
            }
        }

        return all.ToImmutable();
    }
}
