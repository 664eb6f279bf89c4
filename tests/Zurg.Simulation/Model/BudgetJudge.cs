using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// Promise 6: a commit of the decider that leaves fewer instances serving than before must leave as many as the budget wants. It
/// may have been decided on what was known a moment ago, so a moment in which it was right is enough.
/// </summary>
internal sealed class BudgetJudge(Sim sim)
{
    /// <summary>From a view of the store to the next plan's commit, with every fault on the way.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    private readonly Queue<(TimeSpan At, ClusterState State)> _known = new();

    /// <param name="before">The state right before a commit.</param>
    public void OnCommit(ClusterState before, ClusterState after)
    {
        _known.Enqueue((sim.Time.Elapsed, before));
        while (_known.Count > 1 && sim.Time.Elapsed - _known.Peek().At > Moment)
        {
            _known.Dequeue();
        }

        if (ReferenceEquals(before.Placements, after.Placements))
        {
            return;
        }

        var (old, now) = (PlacedOf(before), PlacedOf(after));
        foreach (var service in old.Keys)
        {
            var (was, becomes) = (old[service], now.GetValueOrDefault(service, []));
            if (!was.SequenceEqual(becomes))
            {
                sim.Count("decider: changed an instance");
                var whys = _known.Select(k => k.State).Append(after).Select(s => WhyNot(s, service, was, becomes)).ToList();
                sim.Demand(whys.Any(w => w is null), whys.LastOrDefault(w => w is not null) ?? "");
            }
        }
    }

    /// <summary>Why the change takes too much away, if this is what was known; null when it does not.</summary>
    private static string? WhyNot(
        ClusterState known, ServiceName service, ImmutableArray<Placed> was, ImmutableArray<Placed> becomes)
    {
        // A whole service may be stopped, retired or taken out of the spec by a person's word; a strict switch closes one side,
        // and one that has begun ends as it began.
        if (known.Applied?.Spec.Find(service) is not { } spec
            || known.IntentOf(service) is { Stopped: true } or { Retired: not null }
            || spec.Update.BlueGreen is { Strict: true }
            || known.Rollouts.GetValueOrDefault(service) is { ClosedAt: not null, Phase: not RolloutPhase.Completed })
        {
            return null;
        }

        var (before, after) = (was.Count(p => Serves(known, p)), becomes.Count(p => Serves(known, p)));
        // What has no place counts as well: whoever stands in for it must stay.
        var wanted = spec.Scale.Instances ?? becomes.Count(p => IsWanted(known, spec, p, becomes));
        var least = wanted - spec.Update.MaxUnavailable;
        return after >= before || after >= least
            ? null
            : $"{after} of {service} serve after a change, {before} did, and {least} must";
    }

    private static bool IsWanted(
        ClusterState known, ServiceSpec spec, Placed placed, ImmutableArray<Placed> all) =>
        known.DrainOf(placed.Host) is null && (!spec.Scale.Hosts.IsEmpty || !known.IsLost(placed.Host))
        && (spec.Scale.Hosts.IsEmpty || spec.Scale.Hosts.Contains(placed.Host))
        && all.Count(p => p.Host == placed.Host && p.Placement.Instance.Index < placed.Placement.Instance.Index)
            < (spec.Scale.PerHost ?? 1);

    private static bool Serves(ClusterState known, Placed placed) =>
        placed.Placement is { Wanted: WantedPhase.Running, DrainingSince: null, Unlisted: not true }
        && known.Facts.GetValueOrDefault(placed.Host) is { Session: HostSession.Connected } facts
        && facts.Find(placed.Placement.Instance) is { } status
        && status.IsReady() && status.Spec == placed.Placement.Spec && status.Restarts == placed.Placement.Restarts
        && status.Incarnation != placed.Placement.Ends;

    private static ImmutableSortedDictionary<ServiceName, ImmutableArray<Placed>> PlacedOf(
        ClusterState state) => state.Placements.Values
        .SelectMany(h => h.Instances.Select(p => new Placed(h.Host, p)))
        .GroupBy(p => p.Placement.Instance.Service)
        .ToImmutableSortedDictionary(g => g.Key, g => g.OrderBy(p => p.Placement.Instance).ToImmutableArray());

    private sealed record Placed(HostId Host, Placement Placement);
}
