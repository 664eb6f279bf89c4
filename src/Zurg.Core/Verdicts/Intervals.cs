namespace Zurg.Core;

/// <summary>
/// Samples of both sides side by side, second by second and stratum by stratum. Where a second asked only one of the two, the next
/// ones are added to it, for <see cref="SecondsMax"/> at most: with little traffic nothing would ever be compared otherwise. That
/// goes by what was asked alone, never by what went bad.
/// </summary>
internal static class Intervals
{
    public const int SecondsMax = 10;

    /// <returns>By second, those in which something is complete, in order.</returns>
    public static IEnumerable<(long Second, Compared[] Strata)> Of(IEnumerable<Sample> samples)
    {
        var open = new SortedDictionary<int, (long Since, Compared Sum)>();
        var last = 0L;
        foreach (var second in samples.GroupBy(s => s.Second).OrderBy(s => s.Key))
        {
            last = second.Key;
            Add(open, second);
            var complete = open.Where(o => IsComplete(o.Value.Sum) || last - o.Value.Since >= SecondsMax - 1).ToArray();
            foreach (var (stratum, _) in complete)
            {
                open.Remove(stratum);
            }

            if (complete.Length > 0)
            {
                yield return (last, [.. complete.Select(o => o.Value.Sum)]);
            }
        }

        if (open.Count > 0)
        {
            yield return (last, [.. open.Values.Select(o => o.Sum)]);
        }
    }

    private static void Add(SortedDictionary<int, (long Since, Compared Sum)> open, IGrouping<long, Sample> second)
    {
        var burst = new HashSet<int>();
        foreach (var sample in second.OrderBy(s => s.Stratum))
        {
            var isBurst = sample is { IsNew: true, Bad: > 0 } && burst.Add(sample.Instance);
            var (since, sum) = open.GetValueOrDefault(sample.Stratum, (second.Key, default));
            open[sample.Stratum] = (since, sum + (sample.IsNew
                ? new Compared(sample.Bad, isBurst ? 1 : 0, sample.Asked, 0, 0)
                : new Compared(0, 0, 0, sample.Bad, sample.Asked)));
        }
    }

    private static bool IsComplete(Compared sum) => sum is { Asked: > 0, OldAsked: > 0 };
}
