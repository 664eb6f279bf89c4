using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Whose consumers use the newest set, and who is late: before an endpoint is stopped, all are waited for.</summary>
internal static class FollowerView
{
    /// <summary>Hosts shown one by one, the latest first.</summary>
    private const int HostsMax = 20;

    public static ImmutableArray<Block> Of(ServiceExplanation explained, DateTimeOffset now)
    {
        var followers = explained.Followers;
        if (followers.IsEmpty)
        {
            return [Block.Line.Of($"nobody follows {explained.Endpoints.Service}: no consumer is waited for")];
        }

        var newest = explained.Endpoints.Revision;
        var lost = followers.Where(f => f.Session == HostSession.Lost).Select(f => f.Host.Value).ToArray();
        var late = followers.Where(f => f.Session != HostSession.Lost && !IsCurrent(f, newest))
            .OrderBy(f => f.Confirmed ?? default).ThenBy(f => f.Host).ToArray();
        var current = followers.Where(f => IsCurrent(f, newest)).Select(f => f.Host.Value).ToArray();
        return
        [
            Block.Line.Of(
                $"consumers of {explained.Endpoints.Service} on {Measures.Count(followers.Length, "host")}: ",
                late.Length == 0
                    ? new Span($"all use revision {newest}", Tone.Good)
                    : new Span($"{late.Length} behind revision {newest}", Tone.Warn)),
            .. late.Take(HostsMax).SelectMany(f => Late(f, now)),
            .. late.Length > HostsMax ? [Block.Line.Of($"  and {late.Length - HostsMax} more")] : ImmutableArray<Block>.Empty,
            .. current.Length == 0 ? ImmutableArray<Block>.Empty : [Block.Line.Of($"  use it: {Names(current)}")],
            .. lost.Length == 0 ? ImmutableArray<Block>.Empty : [Block.Line.Of($"  lost, not waited for: {Names(lost)}")],
        ];
    }

    // A master that has just begun may not know the newest set's number that an agent knows already: newer is current too.
    private static bool IsCurrent(ServiceFollower follower, Revision newest) =>
        follower.Confirmed is { } confirmed && confirmed >= newest;

    private static IEnumerable<Block> Late(ServiceFollower follower, DateTimeOffset now)
    {
        var uses = follower.Confirmed is { } confirmed ? $"uses revision {confirmed}" : "has not said what it uses";
        var silent = follower.Session == HostSession.Connected ? "" : $", {Measures.Word(follower.Session)}";
        yield return Block.Line.Of($"  {follower.Host} ", new Span(uses + silent, Tone.Warn));
        foreach (var late in follower.Late)
        {
            yield return Block.Line.Of(
                $"    {late.Name} uses revision {late.Revision}, told of a newer one {Measures.Age(now - late.Since)} ago");
        }
    }

    private static string Names(string[] hosts) => string.Join(", ", hosts.Take(HostsMax))
        + (hosts.Length > HostsMax ? $" and {hosts.Length - HostsMax} more" : "");
}
