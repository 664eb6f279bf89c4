using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What is slow in a second: slower than 95 % of the old release's answers in the five minutes before it. It is known before the
/// second begins; were it taken from the second itself, the old one's part of the slow answers would be no chance any more.
/// </summary>
internal static class SlowLimit
{
    public const double Share = 0.95;

    public const int SecondsBack = 300;

    /// <summary>With fewer there is no limit, and nothing is slow or not.</summary>
    public const int AnswersMin = 200;

    /// <param name="rows">Only their part of the old release is looked at.</param>
    /// <returns>By second, up to <paramref name="until"/>: the last bucket that is not slow.</returns>
    public static ImmutableSortedDictionary<long, int> Of(IEnumerable<TrafficRow> rows, long until)
    {
        var seconds = new SortedDictionary<long, long[]>();
        foreach (var row in rows.Where(r => !r.IsNew && r.Second < until && r.Count.Latency is not null))
        {
            if (!seconds.TryGetValue(row.Second, out var counts))
            {
                seconds[row.Second] = counts = new long[LatencyHistogram.BucketsMax];
            }

            row.Count.Latency!.AddTo(counts);
        }

        var limits = ImmutableSortedDictionary.CreateBuilder<long, int>();
        var window = new long[LatencyHistogram.BucketsMax];
        for (var second = seconds.Count == 0 ? until : seconds.First().Key; second < until; second++)
        {
            if (LatencyHistogram.Of(window) is var known && known.Total >= AnswersMin)
            {
                limits[second] = known.BucketAt(Share)!.Value;
            }

            Add(window, seconds.GetValueOrDefault(second), 1);
            Add(window, seconds.GetValueOrDefault(second - SecondsBack), -1);
        }

        return limits.ToImmutable();
    }

    private static void Add(long[] window, long[]? counts, int sign)
    {
        for (var b = 0; b < counts?.Length; b++)
        {
            window[b] += sign * counts[b];
        }
    }
}
