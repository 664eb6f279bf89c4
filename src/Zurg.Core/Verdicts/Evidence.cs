using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>One stratum of one interval: what the new and the old one were asked, and how much of it went bad.</summary>
/// <param name="Bursts">The new one's seconds of one instance with anything bad in them.</param>
internal readonly record struct Compared(long Bad, long Bursts, long Asked, long OldBad, long OldAsked)
{
    public static Compared operator +(Compared a, Compared b) => new(
        a.Bad + b.Bad, a.Bursts + b.Bursts, a.Asked + b.Asked, a.OldBad + b.OldBad, a.OldAsked + b.OldAsked);
}

/// <summary>
/// The sequential conditional rate-ratio test of SAFETY.md 6 for one signal, interval after interval, in logarithms. Given how
/// many bad events an interval has on both sides together, those of the new one are binomial, whatever the load and the time of
/// day: they have the share theta * asked / (theta * asked + old asked), where theta is the true ratio. Each product of
/// likelihood ratios is a bet that gains only while theta is what it bets on; who looks at it at any time is misled at most once
/// in so many times as it has gained (Ville).
/// </summary>
internal sealed record Evidence
{
    /// <summary>The part that is bet on harm from the first request on; the rest is bet on harm that begins later.</summary>
    private const double FromTheFirst = 0.8;

    private const double AcceptableToGood = 0.1;   // r0 / r1

    private ImmutableArray<double> _bad = [];
    private ImmutableArray<double> _late = [];

    /// <summary>ln E_good: for the new one being as good as the old one, against it being harmful.</summary>
    public double Good { get; private init; }

    /// <summary>ln E_abs: for what goes bad being rare, on the new one alone.</summary>
    public double Rare { get; private init; }

    public Compared Sum { get; private init; }

    private double RatioOver { get; init; }

    private double RatioUnder { get; init; }

    public static Evidence None(VerdictPolicy policy)
    {
        var nothing = ImmutableArray.CreateRange(policy.Grid, _ => 0.0);
        return new Evidence { _bad = nothing, _late = ImmutableArray.CreateRange(policy.Grid, _ => double.NegativeInfinity) };
    }

    /// <summary>ln E_bad: for harm from the first request on, against a ratio within the tolerance.</summary>
    public double Bad => MeanOf(_bad);

    /// <summary>
    /// ln of the stake on harm: mostly <see cref="Bad"/>, and a part that is placed little by little. A product alone forgets
    /// nothing: after five good minutes a release that turns bad would first have to win back what those have cost.
    /// </summary>
    public double Against => SumOf(Math.Log(FromTheFirst) + Bad, Math.Log(1 - FromTheFirst) + MeanOf(_late));

    /// <summary>Mantel and Haenszel's estimate; null while nothing bad is known of the old one where both were asked.</summary>
    public double? Ratio => RatioUnder > 0 ? RatioOver / RatioUnder : null;

    /// <param name="dispersion">All evidence is divided by it. Null, not known: bursts count instead of bad events.</param>
    /// <param name="interval">Each stratum; one where only one side was asked says nothing about the ratio.</param>
    public Evidence Add(VerdictPolicy policy, double? dispersion, ReadOnlySpan<Compared> interval)
    {
        var scale = 1 / (dispersion ?? 1);
        Span<double> gains = stackalloc double[policy.Grid.Length];
        gains.Clear();
        var next = this;
        var (good, rare, over, under, sum) = (Good, Rare, RatioOver, RatioUnder, Sum);
        foreach (var at in interval)
        {
            var counted = dispersion is null ? at.Bursts : at.Bad;
            for (var j = 0; j < gains.Length; j++)
            {
                gains[j] += scale * GainOf(policy.Grid[j] * policy.Tolerance, policy.Tolerance, counted, at);
            }

            good += scale * GainOf(1, policy.Harmful, at.Bad, at);
            rare += scale * ((at.Bad * Math.Log(AcceptableToGood)) + ((1 - AcceptableToGood) * policy.AcceptableRate * at.Asked));
            over += at.Asked + at.OldAsked > 0 ? (double)at.Bad * at.OldAsked / (at.Asked + at.OldAsked) : 0;
            under += at.Asked + at.OldAsked > 0 ? (double)at.OldBad * at.Asked / (at.Asked + at.OldAsked) : 0;
            sum += at;
        }

        return next with
        {
            _bad = Grown(_bad, gains, double.NegativeInfinity),
            _late = Grown(_late, gains, -Math.Log(VerdictRounds.SecondsOfTheFirst(policy))),
            Good = good,
            Rare = rare,
            RatioOver = over,
            RatioUnder = under,
            Sum = sum,
        };
    }

    /// <summary>New stakes on harm; what speaks for a pass, and the counts, stay.</summary>
    public Evidence NextRound(VerdictPolicy policy)
    {
        var fresh = None(policy);
        return this with { _bad = fresh._bad, _late = fresh._late };
    }

    /// <summary>ln LR(theta : other) of one stratum.</summary>
    private static double GainOf(double theta, double other, long bad, Compared at) => at.Asked == 0 || at.OldAsked == 0
        ? 0
        : (bad * Math.Log(theta / other))
            - ((bad + at.OldBad) * Math.Log(((theta * at.Asked) + at.OldAsked) / ((other * at.Asked) + at.OldAsked)));

    private static ImmutableArray<double> Grown(ImmutableArray<double> stakes, ReadOnlySpan<double> gains, double added)
    {
        var grown = ImmutableArray.CreateBuilder<double>(stakes.Length);
        for (var j = 0; j < stakes.Length; j++)
        {
            grown.Add(SumOf(stakes[j], added) + gains[j]);
        }

        return grown.MoveToImmutable();
    }

    private static double MeanOf(ImmutableArray<double> logs)
    {
        var sum = double.NegativeInfinity;
        foreach (var log in logs)
        {
            sum = SumOf(sum, log);
        }

        return sum - Math.Log(logs.Length);
    }

    /// <summary>ln(e^a + e^b).</summary>
    private static double SumOf(double a, double b) => double.IsNegativeInfinity(a) ? b
        : double.IsNegativeInfinity(b) ? a
        : Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b)));
}
