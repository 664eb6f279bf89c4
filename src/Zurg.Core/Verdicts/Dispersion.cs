using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>What one instance was asked in one second and stratum, and how much of it went bad.</summary>
internal readonly record struct Sample(long Second, int Stratum, int Instance, bool IsNew, long Bad, long Asked);

/// <summary>
/// How much more bad events bunch than chance lets them (phi of SAFETY.md 6): the old release against itself. Its instances are
/// halved anew each second, by a seeded hash, and the halves' events should be as unequal as coin tosses. A lone instance is halved
/// in time: each second against the next, which takes a real change of its rate for bunching and so errs on the safe side.
/// </summary>
internal static class Dispersion
{
    /// <summary>With fewer seconds that have anything bad in them it is not known.</summary>
    public const int IntervalsMin = 60;

    private const ulong Seed = 0x5EED_0F_7A1F;

    /// <param name="samples">Only their part of the old release is looked at, in any order.</param>
    /// <param name="names">By <see cref="Sample.Instance"/>: what stays the same whatever else is in the window.</param>
    /// <returns>At least 1; null when there is too little to know.</returns>
    public static double? Of(IEnumerable<Sample> samples, ImmutableArray<ulong> names)
    {
        var old = samples.Where(s => !s.IsNew && s.Asked > 0).ToArray();
        var isLone = old.Length == 0 || old.All(s => s.Instance == old[0].Instance);
        var (sum, count) = (0.0, 0);
        foreach (var interval in old.GroupBy(s => isLone ? s.Second / 2 : s.Second))
        {
            var firsts = isLone ? null : FirstHalf(interval, names);
            if (ExcessOf(interval, s => firsts?.Contains(s.Instance) ?? s.Second % 2 == 0) is { } excess)
            {
                sum += excess;
                count++;
            }
        }

        return count < IntervalsMin ? null : Math.Max(1, sum / count);
    }

    private static HashSet<int> FirstHalf(IGrouping<long, Sample> second, ImmutableArray<ulong> names)
    {
        var here = second.Select(s => s.Instance).Distinct()
            .OrderBy(i => new Prng(Seed ^ names[i] ^ (ulong)second.Key).NextUInt64()).ThenBy(i => names[i]).ToArray();
        return [.. here.Take(here.Length / 2)];
    }

    /// <summary>(a - E a)^2 / Var a, where a is the first half's part: 1 on average for independent events.</summary>
    private static double? ExcessOf(IEnumerable<Sample> interval, Func<Sample, bool> isFirst)
    {
        var (found, expected, variance) = (0.0, 0.0, 0.0);
        foreach (var stratum in interval.GroupBy(s => s.Stratum).OrderBy(s => s.Key))
        {
            var (asked, bad, askedFirst) = (0L, 0L, 0L);
            foreach (var sample in stratum)
            {
                asked += sample.Asked;
                bad += sample.Bad;
                askedFirst += isFirst(sample) ? sample.Asked : 0;
                found += isFirst(sample) ? sample.Bad : 0;
            }

            var share = (double)askedFirst / asked;
            expected += bad * share;
            variance += bad * share * (1 - share);
        }

        return variance > 0 ? (found - expected) * (found - expected) / variance : null;
    }
}
