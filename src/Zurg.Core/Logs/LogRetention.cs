using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>A segment of a log as far as retention is concerned.</summary>
/// <param name="Start">The log's offset at which it begins; this names it.</param>
/// <param name="Bytes">On disk, with its times.</param>
/// <param name="First">When its first line was read; null while it is empty.</param>
/// <param name="Last">When its last line was read.</param>
public sealed record LogSegment(long Start, long Bytes, DateTimeOffset? First, DateTimeOffset? Last);

/// <summary>Which segments of a log end and which go.</summary>
public static class LogRetention
{
    /// <summary>Whether the newest segment gets no more lines.</summary>
    public static bool IsFull(LogSegment newest, LogBound bound, DateTimeOffset now) =>
        newest.Bytes >= bound.SegmentBytes || (newest.First is { } first && now - first >= bound.SegmentAge);

    /// <summary>
    /// How many of the oldest go: those beyond the size, and those whose last line is too old. The newest one goes only by age.
    /// </summary>
    /// <param name="segments">Oldest first.</param>
    /// <param name="unmoved">Bytes that are in none of them yet.</param>
    public static int Drop(ImmutableArray<LogSegment> segments, long unmoved, LogBound bound, DateTimeOffset now)
    {
        var total = segments.Sum(s => s.Bytes) + unmoved;
        var drop = 0;
        for (; drop < segments.Length; drop++)
        {
            var segment = segments[drop];
            var tooOld = segment.Last is { } last && now - last > bound.Age;
            if (!tooOld && (total <= bound.Bytes || drop == segments.Length - 1))
            {
                break;
            }

            total -= segment.Bytes;
        }

        return drop;
    }

    /// <summary>
    /// So many unmoved bytes are given up unread: what came while no agent was there may be more than may be kept. Half of the
    /// bound is left, so that there is room to move it.
    /// </summary>
    public static long Surplus(long unmoved, LogBound bound) => unmoved > bound.Bytes ? unmoved - (bound.Bytes / 2) : 0;
}
