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
    /// <summary>From a view of the store to the next plan's commit, with every fault on the way.</summary>
    private static readonly TimeSpan TakenBackWithin = TimeSpan.FromSeconds(2);

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
        foreach (var (instance, at) in placed)
        {
            // Stopping and starting is for all at once, by a person's word, and so is having fewer, or having them elsewhere.
            var placement = at.Placement;
            if (!IsLeaving(at) && old.TryGetValue(instance, out var was) && was.Placement != placement
                && was.Placement.Wanted == placement.Wanted && placement.Wanted == WantedPhase.Running && IsReady(before, was))
            {
                AwayOf(instance.Service).Add(instance);
                sim.Count("decider: changed an instance");
            }
        }

        foreach (var (service, away) in _away)
        {
            away.RemoveWhere(i => !placed.TryGetValue(i, out var p) || p.Placement.Wanted != WantedPhase.Running || IsLeaving(p)
                || (IsReady(State, p) && p.Placement.DrainingSince is null));
            var counted = away.Where(i => !IsFresh(placed[i].Placement)).ToList();
            sim.Demand(
                counted.Count <= 1, $"{counted.Count} instances of {service} are away on purpose: {string.Join(' ', counted)}");
        }
    }

    /// <summary>
    /// Withdrawn just now, perhaps by a word that somebody has taken back meanwhile: then it is listed again by the next plan.
    /// </summary>
    private bool IsFresh(Placement placement) =>
        placement.DrainingSince is { } since && sim.Time.GetUtcNow() - since < TakenBackWithin;

    /// <summary>Withdrawn to be stopped or to go, and not for a change.</summary>
    private bool IsLeaving((HostId Host, Placement Placement) placed)
    {
        var (host, placement) = placed;
        var instance = placement.Instance;
        return placement.DrainingSince is not null
            && (State.Applied?.Spec.Find(instance.Service) is not { Scale: var scale }
                || State.IntentOf(instance.Service).Stopped
                || scale.Instances <= instance.Index
                || (!scale.Hosts.IsEmpty && !scale.Hosts.Contains(host))
                || (scale.Instances is null && CountOn(host, instance.Service) > (scale.PerHost ?? 1))
                || (State.Applied.DigestOf(instance) == placement.Spec
                    && State.IntentOf(instance.Service).RestartsOf(instance) == placement.Restarts));
    }

    private int CountOn(HostId host, ServiceName service) =>
        State.Placements[host].Instances.Count(p => p.Instance.Service == service);

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
