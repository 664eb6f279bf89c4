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
    private readonly BudgetJudge _budget = new(sim);
    private readonly StrictJudge _strict = new(sim, hosts);

    /// <summary>
    /// Instances that may be stopped though somebody uses them: the limit of their drain is over, or nobody drains.
    /// </summary>
    private readonly SortedSet<InstanceId> _excused = [];

    /// <summary>
    /// Of an instance on a host: hosts that were lost when it was decided to stop it there. Nobody waited for them.
    /// </summary>
    private readonly Dictionary<(HostId, InstanceId), ImmutableSortedSet<HostId>> _notWaitedFor = [];

    private readonly SortedDictionary<HostId, TimeSpan> _returned = [];

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
        CheckLost(before);
        _budget.OnCommit(before, State);
        ExcuseStops(before);
        CheckRollouts(commit, before);
        _strict.OnCommit(State, Naming);
    }

    /// <summary>A process began, or answers otherwise than before.</summary>
    public void OnAnswer(ServiceName service) => _strict.Check(service);

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
            foreach (var host in hosts.Values.Where(h => !State.IsLost(h.Id)))
            {
                var used = host.Consumers.UsedOf(confirmed.Service)?.Revision;
                sim.Demand(
                    used is null || used >= confirmed.Lowest,
                    $"{host.Id} uses {confirmed.Service} at {used}, and {confirmed.Lowest} is said to be confirmed");
            }
        }
    }

    /// <summary>
    /// A lost host has no endpoint, and one that is back none of what was replaced: no instance is listed twice.
    /// </summary>
    private void CheckLost(ClusterState before)
    {
        foreach (var (host, facts) in State.Facts)
        {
            var old = before.Facts.GetValueOrDefault(host);
            if (facts.Session == HostSession.Lost && old?.Session != HostSession.Lost)
            {
                sim.Count("a host was lost");
            }
            else if (facts.Session != HostSession.Lost && old?.Session == HostSession.Lost)
            {
                sim.Count("a lost host came back");
                _returned[host] = sim.Time.Elapsed;
            }

            if (old?.ReturnedAt is { } since && facts.ReturnedAt is null)
            {
                GiveUp(facts, old.RanWhenLost, since);
            }
        }

        foreach (var set in Naming.Sets.Values)
        {
            sim.Demand(!set.Endpoints.Any(e => State.IsLost(e.Host)), $"{set.Service} has an endpoint on a lost host");
            sim.Demand(
                set.Endpoints.DistinctBy(e => e.Instance).Count() == set.Endpoints.Length,
                $"an instance of {set.Service} is listed twice");
        }
    }

    /// <summary>A host that was lost may stop from now on what is not its own any more.</summary>
    private void GiveUp(HostFacts facts, ImmutableArray<InstanceId> ran, DateTimeOffset since)
    {
        var placed = State.Placements.GetValueOrDefault(facts.Host)?.Instances ?? [];
        foreach (var instance in facts.Instances.Select(i => i.Instance).Union(ran).Where(i => placed.All(p => p.Instance != i)))
        {
            sim.Count("a host gave up what was replaced");
            _notWaitedFor[(facts.Host, instance)] = LostNow();
            if (sim.Time.GetUtcNow() - since >= StopPolicy.DrainUsual)
            {
                _excused.Add(instance);
            }
        }
    }

    /// <summary>Or a moment ago: the decision was made on what was known then.</summary>
    private ImmutableSortedSet<HostId> LostNow() =>
    [
        .. State.Facts.Keys.Where(State.IsLost),
        .. _returned.Where(r => sim.Time.Elapsed - r.Value <= TimeSpan.FromSeconds(2)).Select(r => r.Key),
    ];

    private void CheckPlacedOnce()
    {
        var placements = State.Placements.Values.SelectMany(p => p.Instances);
        foreach (var twice in placements.GroupBy(p => p.Instance).Where(g => g.Count() > 1))
        {
            sim.Violate($"{twice.Key} is placed on two hosts");
        }
    }

    /// <summary>A rollout's number never goes back, and one that is over is not over again with another end.</summary>
    private void CheckRollouts(StoreCommit commit, ClusterState before)
    {
        foreach (var rollout in State.Rollouts.Values.Where(r => commit.Writes.Any(w => w.Key == StoreKeys.Rollout(r.Service))))
        {
            var old = before.Rollouts.GetValueOrDefault(rollout.Service);
            sim.Count($"rollout: {rollout.Phase}");
            sim.Demand(
                old is null || rollout.Number == old.Number || rollout.Number == old.Number + 1,
                $"rollout {rollout.Number} of {rollout.Service} follows {old?.Number}");
            sim.Demand(
                old is not { Phase: RolloutPhase.Completed } || rollout.Number != old.Number || rollout.Phase == old.Phase,
                $"rollout {rollout.Number} of {rollout.Service} was over and is {rollout.Phase} again");
        }
    }

    /// <summary>
    /// Promise 2 at the moment of a signal: no consumer anywhere may still pick the process, unless its drain's limit is over.
    /// </summary>
    public void OnSignal(HostId host, InstanceId instance, Incarnation incarnation)
    {
        var users = hosts.Values.Where(h => h.Consumers.UsedOf(instance.Service)?.Endpoints
            .Any(e => e.Instance == instance && e.Incarnation == incarnation && e.Host == host) is true)
            .Where(h => h.Id == host || _notWaitedFor.GetValueOrDefault((host, instance))?.Contains(h.Id) is not true).ToList();
        sim.Count("a process was signalled");
        sim.Demand(
            users.Count == 0 || _excused.Contains(instance),
            $"{instance} #{incarnation} on {host} is stopped while {string.Join(", ", users.Select(u => u.Id))} still use it");
    }

    private void ExcuseStops(ClusterState before)
    {
        var now = State.Placements.Values.SelectMany(h => h.Instances).ToDictionary(p => p.Instance);
        foreach (var (host, old) in before.Placements.Values.SelectMany(h => h.Instances.Select(p => (h.Host, p)))
            .Where(p => p.p.Wanted == WantedPhase.Running))
        {
            var stays = now.TryGetValue(old.Instance, out var by)
                && (by.Spec, by.Restarts, by.Wanted, by.Ends) == (old.Spec, old.Restarts, old.Wanted, old.Ends);
            if (!stays)
            {
                _notWaitedFor[(host, old.Instance)] = LostNow();
            }

            if (!stays && (State.Applied?.FindLast(old.Instance.Service) is null
                || old.DrainingSince <= sim.Time.GetUtcNow() - StopPolicy.DrainUsual))
            {
                sim.Count("a drain's limit passed, or there was none");
                _excused.Add(old.Instance);
            }
        }
    }
}
