using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// How long answers took, in fixed buckets, four to each doubling: bucket b holds what took longer than bucket b - 1 and up to
/// 0.1 ms * 2^(b/4). All who count use the same ones, so that sums of sums stay true. A percentile is at most 19 % too long.
/// </summary>
/// <param name="First">The bucket that the first of <paramref name="Counts"/> is of.</param>
/// <param name="Counts">Answers by bucket, without the empty ones at both ends.</param>
public sealed record LatencyHistogram(int First, ImmutableArray<long> Counts)
{
    /// <summary>The last bucket has no upper end: longer than 19 minutes.</summary>
    public const int BucketsMax = 96;

    public static readonly LatencyHistogram Empty = new(0, []);

    /// <summary>Guarded against a peer that leaves it out, or counts in buckets that this build does not have.</summary>
    public ImmutableArray<long> Counts { get; init; } =
        Counts.IsDefault || First < 0 || First > BucketsMax - Counts.Length ? [] : Counts;

    [JsonIgnore]
    public long Total => Counts.Sum();

    public static int BucketOf(TimeSpan took)
    {
        var at = Array.BinarySearch(UpperTicks, took.Ticks);
        return Math.Min(at < 0 ? ~at : at, BucketsMax - 1);
    }

    /// <summary>The longest that a bucket holds.</summary>
    public static TimeSpan UpperOf(int bucket) => TimeSpan.FromTicks(UpperTicks[bucket]);

    /// <param name="counts">By bucket, from 0.</param>
    public static LatencyHistogram Of(ReadOnlySpan<long> counts)
    {
        var first = counts.IndexOfAnyExcept(0L);
        return first < 0 ? Empty : new LatencyHistogram(first, [.. counts[first..(counts.LastIndexOfAnyExcept(0L) + 1)]]);
    }

    public static LatencyHistogram Of(IEnumerable<TimeSpan> answers)
    {
        var counts = new long[BucketsMax];
        foreach (var took in answers)
        {
            counts[BucketOf(took)]++;
        }

        return Of(counts);
    }

    public LatencyHistogram Plus(LatencyHistogram other)
    {
        var counts = new long[BucketsMax];
        AddTo(counts);
        other.AddTo(counts);
        return Of(counts);
    }

    /// <param name="counts">By bucket, from 0: <see cref="BucketsMax"/> of them.</param>
    public void AddTo(Span<long> counts)
    {
        for (var i = 0; i < Counts.Length; i++)
        {
            counts[First + i] += Counts[i];
        }
    }

    /// <summary>Answers that took longer than a bucket holds.</summary>
    public long Above(int bucket)
    {
        var above = 0L;
        for (var i = Math.Max(0, bucket + 1 - First); i < Counts.Length; i++)
        {
            above += Counts[i];
        }

        return above;
    }

    /// <summary>The lowest bucket up to which at least this share of the answers lies; null without any.</summary>
    /// <param name="share">0.99 for the p99.</param>
    public int? BucketAt(double share)
    {
        var (total, sum) = (Total, 0L);
        for (var i = 0; i < Counts.Length && total > 0; i++)
        {
            sum += Counts[i];
            if (sum >= share * total)
            {
                return First + i;
            }
        }

        return null;
    }

    /// <summary>The upper end of the bucket that the percentile lies in; null without any answer.</summary>
    /// <param name="share">0.99 for the p99.</param>
    public TimeSpan? Percentile(double share) => BucketAt(share) is { } bucket ? UpperOf(bucket) : null;

    private static readonly long[] UpperTicks =
        [.. Enumerable.Range(0, BucketsMax).Select(b => (long)(TimeSpan.TicksPerMillisecond * 0.1 * Math.Pow(2, b / 4.0)))];
}
