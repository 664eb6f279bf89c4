using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Which hosts one that lacks a release asks before the master.</summary>
public static class NeighbourChoice
{
    public const int NeighboursMax = 4;

    /// <summary>
    /// Those that share and run it and are heard of, of its own cell first. Each host begins with another one of them: a
    /// hundred hosts that are told of a release at once do not all ask the same.
    /// </summary>
    public static ImmutableArray<Neighbour> Of(ClusterState state, HostId asker, ReleaseId release)
    {
        var cell = state.Facts.GetValueOrDefault(asker)?.Description.Cell;
        var sharing = state.Facts.Values
            .Where(f => f.Host != asker && f.Session == HostSession.Connected && f.Description.Share is not null
                && f.Instances.Any(i => i.Release == release && i.Phase is InstancePhase.Starting or InstancePhase.Running))
            .ToLookup(f => f.Description.Cell == cell);
        return
        [
            .. Turned(sharing[true], asker).Concat(Turned(sharing[false], asker)).Take(NeighboursMax)
                .Select(f => new Neighbour(f.Host, f.Description.Share!)),
        ];
    }

    private static IEnumerable<HostFacts> Turned(IEnumerable<HostFacts> hosts, HostId asker)
    {
        var all = hosts.ToImmutableArray();
        var first = all.IsEmpty ? 0 : asker.Value.Aggregate(17, (sum, c) => (sum * 31 + c) & 0xffff) % all.Length;
        return all.Skip(first).Concat(all.Take(first));
    }
}
