namespace Zurg.Core;

/// <summary>
/// Samples of both sides side by side, second by second and stratum by stratum. Where a second asked only one of the two, the
/// next ones are added to it, for <see cref="SecondsMax"/> at most: with little traffic nothing would ever be compared otherwise.
/// That goes by what was asked alone, never by what went bad.
/// </summary>
internal static class Intervals
{
    public const int SecondsMax = 10;

    /// <returns>By second, those in which something is complete, in order; each stratum once.</returns>
    public static IEnumerable<(long Second, Compared[] Strata)> Of(IEnumerable<Sample> samples)
    {
        var all = Sample.InOrder(samples);
        var open = new Open?[all.Length == 0 ? 0 : all.Max(s => s.Stratum) + 1];
        var failed = new HashSet<int>();
        for (var i = 0; i < all.Length; i++)
        {
            var sample = all[i];
            ref var here = ref open[sample.Stratum];
            // One burst, however many called and failed in it.
            var isBurst = sample is { IsNew: true, Bad: > 0 } && failed.Add(sample.Instance);
            here = new Open(here?.Since ?? sample.Second, (here?.Sum ?? default) + ComparedOf(sample, isBurst));
            var isLast = i + 1 == all.Length;
            if (isLast || all[i + 1].Second > sample.Second)
            {
                failed.Clear();
                if (Taken(open, sample.Second, isLast) is { Length: > 0 } complete)
                {
                    yield return (sample.Second, complete);
                }
            }
        }
    }

    private static Compared ComparedOf(Sample sample, bool isBurst) => sample.IsNew
        ? new Compared(sample.Bad, isBurst ? 1 : 0, sample.Asked, 0, 0)
        : new Compared(0, 0, 0, sample.Bad, sample.Asked);

    private static Compared[] Taken(Open?[] open, long second, bool isLast)
    {
        var complete = new List<Compared>(open.Length);
        for (var stratum = 0; stratum < open.Length; stratum++)
        {
            if (open[stratum] is { } here && (isLast || here.IsDone(second)))
            {
                complete.Add(here.Sum);
                open[stratum] = null;
            }
        }

        return [.. complete];
    }

    private readonly record struct Open(long Since, Compared Sum)
    {
        public bool IsDone(long second) => Sum is { Asked: > 0, OldAsked: > 0 } || second - Since >= SecondsMax - 1;
    }
}
