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

    /// <summary>
    /// Instances that may be stopped though somebody uses them: the limit of their drain is over, or nobody drains.
    /// </summary>
    private readonly SortedSet<InstanceId> _excused = [];

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
        _budget.OnCommit(before, State);
        ExcuseStops(before);
        CheckRollouts(commit, before);
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
            .Any(e => e.Instance == instance && e.Incarnation == incarnation && e.Host == host) is true).ToList();
        sim.Count("a process was signalled");
        sim.Demand(
            users.Count == 0 || _excused.Contains(instance),
            $"{instance} #{incarnation} on {host} is stopped while {string.Join(", ", users.Select(u => u.Id))} still use it");
    }

    private void ExcuseStops(ClusterState before)
    {
        var now = State.Placements.Values.SelectMany(h => h.Instances).ToDictionary(p => p.Instance);
        foreach (var old in before.Placements.Values.SelectMany(h => h.Instances).Where(p => p.Wanted == WantedPhase.Running))
        {
            var stays = now.TryGetValue(old.Instance, out var by)
                && (by.Spec, by.Restarts, by.Wanted) == (old.Spec, old.Restarts, old.Wanted);
            if (!stays && (State.Applied?.Spec.Find(old.Instance.Service) is null
                || old.DrainingSince <= sim.Time.GetUtcNow() - StopPolicy.DrainUsual))
            {
                sim.Count("a drain's limit passed, or there was none");
                _excused.Add(old.Instance);
            }
        }
    }
}
