using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Composes a host's assignment from its placements and the specs they name: never stored, always the whole truth.
/// </summary>
public static class AssignmentView
{
    /// <summary>
    /// Null while there is nothing to say: nothing was ever placed on the host (what runs there is none of this cluster's
    /// decisions), or a part that a placement needs has not come in yet. Half a truth would stop what is left out of it.
    /// </summary>
    public static Assignment? Of(ClusterState state, HostId host)
    {
        if (!state.Placements.TryGetValue(host, out var placements) || state.Applied is not { } applied
            || state.Unreadable.ContainsKey(StoreKeys.Placements(host)))
        {
            return null;
        }

        var hasTemplates = HasTemplates(state, placements);
        var instances = placements.Instances.Select(p => InstanceOf(state, applied, p)).ToImmutableArray();
        return instances.Contains(null)
            ? null
            : new Assignment
            {
                Host = host,
                Generation = GenerationOf(state, host, namesHosts: hasTemplates),
                Instances = [.. instances.Select(i => i!)],
                Settings = applied.Spec.Settings,
                Hosts = hasTemplates ? HostsOf(state) : [],
            };
    }

    // The newest of what the assignment is made of: revisions only grow, so of two compositions the later one is never lower.
    private static Generation GenerationOf(ClusterState state, HostId host, bool namesHosts) => new(
        (namesHosts ? state.Facts.Keys : []).Select(h => state.ModifiedOf(StoreKeys.Facts(h)).Value)
            .Append(state.ModifiedOf(StoreKeys.Placements(host)).Value)
            .Append(state.ModifiedOf(StoreKeys.CurrentSpec).Value)
            .Concat(state.Placements[host].Instances.Select(p => p.Instance.Service).Distinct()
                .Select(s => state.ModifiedOf(StoreKeys.Rollout(s)).Value))
            .Concat(SignedOn(state, host).Select(r => state.ModifiedOf(StoreKeys.Release(r)).Value))
            .Max());

    /// <summary>Releases whose signatures are part of the assignment: one may get another later.</summary>
    private static IEnumerable<ReleaseId> SignedOn(ClusterState state, HostId host) =>
        state.Applied?.Spec.Keys is null ? [] : state.Placements[host].Instances
            .Select(p => state.InstanceSpecs.GetValueOrDefault(p.Spec)?.Release).OfType<ReleaseId>();

    /// <summary>
    /// Every host that ever connected, by name. Silent ones too (DESIGN.md promise 7); only a loss removes one.
    /// </summary>
    public static ImmutableArray<ClusterHost> HostsOf(ClusterState state) =>
    [
        .. state.Facts.Values.Where(f => f.Session != HostSession.Lost).Select(f => new ClusterHost(
            f.Host, f.Description.Cell, f.Description.Address)
        {
            Labels = f.Description.Labels,
        }),
    ];

    private static bool HasTemplates(ClusterState state, HostPlacements placements) =>
        placements.Instances.Any(p => state.InstanceSpecs.GetValueOrDefault(p.Spec) is { Templates.IsEmpty: false });

    private static AssignedInstance? InstanceOf(ClusterState state, AppliedSpec applied, Placement placement) =>
        applied.FindLast(placement.Instance.Service) is { } service
        && state.InstanceSpecs.GetValueOrDefault(placement.Spec) is { } spec
        && state.Releases.GetValueOrDefault(spec.Release) is { } release
            ? new AssignedInstance
            {
                Instance = placement.Instance,
                Wanted = placement.Wanted,
                Spec = spec,
                SpecDigest = placement.Spec,
                Restarts = placement.Restarts,
                Manifest = release.Manifest,
                Restart = service.Restart,
                Stop = service.Stop,
                Logs = service.Logs,
                Signing = SigningOf(applied, release),
                DependsOn = service.DependsOn,
                Uses = service.Uses,
                Next = NextOf(state, applied, placement),
                Refuse = placement.Refuse,
                TrafficEpoch = placement.TrafficEpoch,
                Ends = placement.Ends,
            }
            : null;

    /// <summary>What a rollout brings to it later: its host makes it ready before anything is taken away.</summary>
    private static NextInstance? NextOf(ClusterState state, AppliedSpec applied, Placement placement)
    {
        if (state.Rollouts.GetValueOrDefault(placement.Instance.Service) is not { } rollout
            || rollout.To.DigestOf(placement.Instance) is var digest && digest == placement.Spec
            || applied.Spec.Find(placement.Instance.Service) is null
            || state.InstanceSpecs.GetValueOrDefault(digest) is not { } spec
            || state.Releases.GetValueOrDefault(spec.Release) is not { } release)
        {
            return null;
        }

        return new NextInstance(spec, digest, release.Manifest, SigningOf(applied, release));
    }

    private static SigningTerms? SigningOf(AppliedSpec applied, ReleaseRecord release) =>
        applied.Spec.Keys is { } keys ? new SigningTerms(keys, release.Signatures ?? []) : null;
}
