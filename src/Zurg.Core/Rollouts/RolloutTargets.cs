using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a service's instances are to run: by the newest spec, and by what is placed.</summary>
internal static class RolloutTargets
{
    /// <summary>What people want by now, whether or not it was tried and taken back.</summary>
    public static RolloutTarget Applied(AppliedSpec applied, ServiceSpec service, ServiceIntent intent) => new()
    {
        Spec = applied.Number,
        Release = service.Instance.Release,
        Digest = applied.InstanceDigests[service.Name],
        OwnDigests = OwnOf(applied, service.Name),
        Restarts = intent.Restarts,
    };

    /// <summary>
    /// What this rollout's service is to run: what people want, or what runs while that was taken back and nobody has asked for
    /// it again. A restart that is asked for later restarts what runs.
    /// </summary>
    public static RolloutTarget Wanted(Rollout rollout, RolloutTarget applied)
    {
        if (rollout.StillRefused is not { } refused || !refused.RunsSameAs(applied))
        {
            return applied;
        }

        var restarts = applied.Restarts > refused.Restarts ? applied.Restarts : rollout.To.Restarts;
        return rollout.To with { Restarts = restarts };
    }

    /// <summary>
    /// What runs, of a service that an earlier build of Zurg placed: the spec that most of its instances have.
    /// </summary>
    public static RolloutTarget Placed(ClusterState state, RolloutTarget applied, IReadOnlyCollection<PlacedOn> placed)
    {
        var digest = placed.GroupBy(p => p.Placement.Spec)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key)
            .First().Key;
        return state.InstanceSpecs.GetValueOrDefault(digest) is not { } spec || placed.All(p => IsOf(applied, p))
            ? applied
            : new RolloutTarget { Spec = default, Release = spec.Release, Digest = digest, Restarts = applied.Restarts };
    }

    private static bool IsOf(RolloutTarget target, PlacedOn placed) =>
        placed.Placement.Spec == target.DigestOf(placed.Placement.Instance);

    private static ImmutableSortedDictionary<InstanceId, Digest>? OwnOf(AppliedSpec applied, ServiceName service)
    {
        var own = (applied.OwnDigests ?? ImmutableSortedDictionary<InstanceId, Digest>.Empty)
            .Where(o => o.Key.Service == service).ToImmutableSortedDictionary();
        return own.IsEmpty ? null : own;
    }
}
