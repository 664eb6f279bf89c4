using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Which core dumps a host keeps: of each service the first one and the newest few, so that a crash loop leaves both how it began
/// and how it is now; beyond the quota the oldest go, whatever they are of.
/// </summary>
public static class CoreKeeping
{
    /// <summary>Of one service on one host.</summary>
    public const int ServiceMax = 5;

    /// <param name="quota">In bytes of disk, for all of a host's.</param>
    /// <returns>Those that go, oldest first.</returns>
    public static ImmutableArray<CoreDump> Remove(ImmutableArray<CoreDump> kept, long quota)
    {
        var ordered = kept.OrderBy(c => c.At).ThenBy(c => c.Incarnation).ToImmutableArray();
        var gone = ordered.GroupBy(c => c.Instance.Service)
            .SelectMany(service => service.Skip(1).SkipLast(ServiceMax - 1))
            .Select(c => c.Id).ToImmutableSortedSet(StringComparer.Ordinal);
        var left = ordered.Where(c => !gone.Contains(c.Id)).ToImmutableArray();
        var excess = left.Sum(c => c.DiskSize) - quota;
        foreach (var core in left.TakeWhile(_ => excess > 0))
        {
            gone = gone.Add(core.Id);
            excess -= core.DiskSize;
        }

        return [.. ordered.Where(c => gone.Contains(c.Id))];
    }
}
