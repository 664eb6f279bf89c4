using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A release that is on a host's disk.</summary>
/// <param name="LastUsed">When something on the host was last seen to need it.</param>
public sealed record KeptRelease(ReleaseId Release, DateTimeOffset LastUsed);

/// <param name="Remove">Old by the rule.</param>
/// <param name="IfRoomIsNeeded">
/// Kept for a quick way back, but not at the price of a release that does not fit; the first goes first.
/// </param>
public sealed record CollectionPlan(ImmutableArray<ReleaseId> Remove, ImmutableArray<ReleaseId> IfRoomIsNeeded);

/// <summary>
/// Which releases a host keeps. What is needed stays: what is assigned or runs, and what a kept core dump refers to. Of the rest,
/// the newest few of each name stay, and what was needed within a day: a rollback to one of them fetches nothing.
/// </summary>
public static class ReleaseCollecting
{
    /// <summary>So many of each name that nothing needs, those needed last.</summary>
    public const int UnusedKept = 2;

    /// <summary>What was needed within this stays, however many.</summary>
    public static readonly TimeSpan UnusedFor = TimeSpan.FromDays(1);

    /// <param name="used">By whatever needs releases.</param>
    public static CollectionPlan Decide(
        ImmutableArray<KeptRelease> here, ImmutableSortedSet<ReleaseId> used, DateTimeOffset now)
    {
        // A clock that was set back makes times of the future: those count as now, and nothing is removed for it.
        var idle = here.Where(r => !used.Contains(r.Release)).OrderBy(r => r.LastUsed).ThenBy(r => r.Release).ToImmutableArray();
        var newest = idle.Reverse().GroupBy(r => r.Release.Name).SelectMany(name => name.Take(UnusedKept))
            .Select(r => r.Release).ToImmutableSortedSet();
        var old = idle.ToLookup(r => now - r.LastUsed >= UnusedFor && !newest.Contains(r.Release), r => r.Release);
        return new CollectionPlan([.. old[true]], [.. old[false]]);
    }
}
