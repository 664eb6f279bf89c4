using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>
/// How much more bad events bunch than chance lets them (phi of SAFETY.md 6): the old release against itself. In each interval
/// its instances are halved anew, by a seeded hash, and the halves' events should be as unequal as coin tosses. A lone instance
/// is halved in time: each interval against the next, which takes a real change of its rate for bunching and so errs on the safe
/// side.
/// <para>
/// What lasts longer than a second, a pause or a storm of ten, does not show in seconds: longer intervals are tried too, and
/// the worst counts. And it is the sum of all excesses over the sum of all variances, not the mean of their quotients: where most
/// intervals have one event or none those would be 1 however much the few others bunch. Decision 030 has the numbers.
/// </para>
/// </summary>
internal static class Dispersion
{
    /// <summary>With fewer seconds that have anything bad in them it is not known.</summary>
    public const int SecondsMin = 60;

    /// <summary>Of longer intervals.</summary>
    public const int IntervalsMin = 30;

    private static readonly ImmutableArray<(int Seconds, int Min)> Scales =
        [(1, SecondsMin), (10, IntervalsMin), (30, IntervalsMin)];

    private const ulong Seed = 0x5EED_0F_7A1F;

    /// <param name="samples">Only their part of the old release is looked at, in any order.</param>
    /// <param name="names">By <see cref="Sample.Instance"/>: what stays the same whatever else is in the window.</param>
    /// <returns>At least 1; null when there is too little to know.</returns>
    public static double? Of(IEnumerable<Sample> samples, ImmutableArray<ulong> names)
    {
        var old = Sample.InOrder(samples.Where(s => !s.IsNew && s.Asked > 0));
        var halves = old.Length > 0 && Array.Exists(old, s => s.Instance != old[0].Instance)
            ? new Halves(names, old.Max(s => s.Stratum) + 1)
            : new Halves([], old.Length == 0 ? 0 : old.Max(s => s.Stratum) + 1);
        return OfScale(old, halves, Scales[0]) is { } fine
            ? Math.Max(1, Scales.Skip(1).Select(s => OfScale(old, halves, s)).Append(fine).Max()!.Value)
            : null;
    }

    private static double? OfScale(Sample[] old, Halves halves, (int Seconds, int Min) scale)
    {
        var whole = halves.AreOfTime ? 2 * scale.Seconds : scale.Seconds;
        var (excesses, variances, count) = (0.0, 0.0, 0);
        for (var (from, until) = (0, 0); from < old.Length; from = until)
        {
            var interval = Math.DivRem(old[from].Second, whole).Quotient;
            while (until < old.Length && Math.DivRem(old[until].Second, whole).Quotient == interval)
            {
                until++;
            }

            var (excess, variance) = halves.Of(old.AsSpan(from, until - from), interval, scale.Seconds);
            excesses += excess;
            variances += variance;
            count += variance > 0 ? 1 : 0;
        }

        return count < scale.Min ? null : excesses / variances;
    }

    /// <param name="names">Empty: a lone instance is halved in time.</param>
    private sealed class Halves(ImmutableArray<ulong> names, int strata)
    {
        private readonly bool[] _isFirst = new bool[names.Length];
        private readonly bool[] _isHere = new bool[names.Length];
        private readonly (long Asked, long AskedFirst, long Bad)[] _sums = new (long, long, long)[strata];

        public bool AreOfTime => names.IsEmpty;

        /// <summary>(a - E a)^2 and Var a, where a is the first half's part of the bad events.</summary>
        public (double Excess, double Variance) Of(ReadOnlySpan<Sample> interval, long number, int seconds)
        {
            Split(interval, number);
            Array.Clear(_sums);
            var found = 0L;
            foreach (var sample in interval)
            {
                var first = AreOfTime ? sample.Second / seconds % 2 == 0 : _isFirst[sample.Instance];
                ref var sum = ref _sums[sample.Stratum];
                sum = (sum.Asked + sample.Asked, sum.AskedFirst + (first ? sample.Asked : 0), sum.Bad + sample.Bad);
                found += first ? sample.Bad : 0;
            }

            var (expected, variance) = (0.0, 0.0);
            foreach (var (asked, askedFirst, bad) in _sums)
            {
                var share = asked == 0 ? 0 : (double)askedFirst / asked;
                expected += bad * share;
                variance += bad * share * (1 - share);
            }

            return variance > 0 ? ((found - expected) * (found - expected), variance) : (0, 0);
        }

        private void Split(ReadOnlySpan<Sample> interval, long number)
        {
            if (AreOfTime)
            {
                return;
            }

            Array.Clear(_isHere);
            foreach (var sample in interval)
            {
                _isHere[sample.Instance] = true;
            }

            var here = Enumerable.Range(0, names.Length).Where(i => _isHere[i])
                .OrderBy(i => new Prng(Seed ^ names[i] ^ (ulong)number).NextUInt64()).ThenBy(i => names[i]).ToArray();
            for (var i = 0; i < here.Length; i++)
            {
                _isFirst[here[i]] = i < here.Length / 2;
            }
        }
    }
}
