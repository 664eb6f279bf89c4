using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Which services leave with an apply: it is part of the new spec, so it is as durable as that, and a service that is added back
/// in the middle leaves no more.
/// </summary>
public static class Departing
{
    /// <summary>
    /// A service that left so lately is kept though nothing of it is placed: a plan made before may still be on its way.
    /// </summary>
    public static readonly TimeSpan KeptAtLeast = TimeSpan.FromMinutes(10);

    /// <param name="newest">What the next spec replaces; null: nothing.</param>
    /// <param name="placements">Of every host, as they are known.</param>
    /// <returns>Null: nothing leaves.</returns>
    public static ImmutableArray<LeavingService>? Of(
        AppliedSpec? newest, ClusterSpec next, IEnumerable<HostPlacements> placements, string author, DateTimeOffset now)
    {
        if (newest is null)
        {
            return null;
        }

        var placed = placements.SelectMany(h => h.Instances).Select(p => p.Instance.Service).ToHashSet();
        var leaving = newest.Spec.Services.Select(s => new LeavingService(s, now, author))
            .Concat((newest.Leaving ?? []).Where(l => placed.Contains(l.Service.Name) || now - l.At < KeptAtLeast))
            .Where(l => next.Find(l.Service.Name) is null)
            .OrderBy(l => l.Service.Name).ToImmutableArray();
        return leaving.IsEmpty ? null : leaving;
    }
}
