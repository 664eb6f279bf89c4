using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;

namespace Zurg.Tests.Core.Verdicts;

/// <summary>SAFETY.md 6; that its numbers come out is tests/Zurg.Simulation's.</summary>
public sealed class EvidenceTests
{
    private static readonly VerdictPolicy Policy = VerdictPolicy.Usual;

    private static Evidence Of(params Compared[] intervals) =>
        intervals.Aggregate(Evidence.None(Policy), (sum, next) => sum.Add(Policy, 1, [next]));

    private static Compared One(long bad, long asked, long oldBad, long oldAsked) =>
        new(bad, Math.Min(1, bad), asked, oldBad, oldAsked);

    private static Compared Any(byte bad, byte asked, byte oldBad, byte oldAsked) =>
        One(bad % 8, 8 + asked, oldBad % 8, 8 + oldAsked);

    [Fact]
    public void It_is_the_product_of_the_formula()
    {
        var evidence = Of(One(3, 100, 2, 900), One(1, 200, 0, 800));

        double LogRatio(double theta, double other) => Part(theta, other, 3, 2, 1.0 / 9) + Part(theta, other, 1, 0, 0.25);
        var bad = Policy.Grid.Average(g => Math.Exp(LogRatio(g * 1.1, 1.1)));
        Assert.Equal(Math.Log(bad), evidence.Bad, 9);
        Assert.Equal(LogRatio(1, 2), evidence.Good, 9);
        Assert.Equal((4 * Math.Log(0.1)) + (0.0045 * 300), evidence.Rare, 9);

        static double Part(double theta, double other, int x, int old, double odds)
        {
            double Share(double t) => t * odds / ((t * odds) + 1);
            return (x * Math.Log(Share(theta) / Share(other))) + (old * Math.Log((1 - Share(theta)) / (1 - Share(other))));
        }
    }

    [Fact]
    public void Nothing_is_gained_on_average_by_who_bets_against_what_is_true() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte, byte, byte>((events, asked, oldAsked) =>
        {
            var (n, e, o) = (events % 12, 1 + asked, 1 + oldAsked);
            double Mean(double theta, Func<Evidence, double> log) => Enumerable.Range(0, n + 1)
                .Sum(x => Binomial(n, x, theta * e / ((theta * e) + o)) * Math.Exp(log(Of(One(x, e, n - x, o)))));

            Assert.Equal(1, Mean(Policy.Tolerance, v => v.Bad), 6);
            Assert.InRange(Mean(1, v => v.Bad), 0, 1 + 1e-9);
            Assert.InRange(Mean(Policy.Tolerance, v => v.Against), 0, 1 + 1e-9);
            Assert.Equal(1, Mean(Policy.Harmful, v => v.Good), 6);
            Assert.InRange(Mean(Policy.Harmful + 1, v => v.Good), 0, 1 + 1e-9);
        }));

    [Fact]
    public void Nothing_is_gained_on_average_by_who_bets_on_rare_events_where_they_are_not()
    {
        var mean = Enumerable.Range(0, 60).Sum(x =>
            Math.Exp((x * Math.Log(5)) - 5 - LogFactorial(x)) * Math.Exp(Of(One(x, 1000, 0, 0)).Rare));
        Assert.Equal(1, mean, 6);
    }

    [Fact]
    public void An_interval_that_is_split_in_two_says_the_same() =>
        Check.QuickThrowOnFailure(Prop.ForAll<(byte, byte, byte), (byte, byte, byte)>((bad, asked) =>
        {
            var (first, second, e, o) = (bad.Item1 % 4, bad.Item2 % 4, 10 + asked.Item1, 10 + asked.Item2);
            var old = bad.Item3 % 5;
            var whole = Of(One(first + second, 2 * e, old, 2 * o));
            var split = Of(One(first, e, old, o), One(second, e, 0, o));

            Assert.Equal(whole.Bad, split.Bad, 9);
            Assert.Equal(whole.Good, split.Good, 9);
            Assert.Equal(whole.Rare, split.Rare, 9);
            Assert.Equal(whole.Sum.Asked, split.Sum.Asked);
        }));

    [Fact]
    public void More_requests_on_both_sides_alike_say_nothing_about_the_ratio() =>
        Check.QuickThrowOnFailure(Prop.ForAll<(byte, byte, byte, byte)>(at =>
        {
            var one = Any(at.Item1, at.Item2, at.Item3, at.Item4);
            var many = one with { Asked = one.Asked * 7, OldAsked = one.OldAsked * 7 };

            Assert.Equal(Of(one).Bad, Of(many).Bad, 9);
            Assert.Equal(Of(one).Good, Of(many).Good, 9);
            Assert.Equal(Of(one).Ratio ?? -1, Of(many).Ratio ?? -1, 9);
        }));

    [Fact]
    public void The_order_of_intervals_and_strata_is_irrelevant() =>
        Check.QuickThrowOnFailure(Prop.ForAll<(byte, byte, byte, byte)[]>(all =>
        {
            var intervals = all.Select(a => Any(a.Item1, a.Item2, a.Item3, a.Item4)).ToArray();
            var (there, back) = (Of(intervals), Of([.. intervals.Reverse()]));
            var atOnce = Evidence.None(Policy).Add(Policy, 1, intervals);

            Assert.Equal(there.Bad, back.Bad, 6);
            Assert.Equal(there.Good, back.Good, 6);
            Assert.Equal(there.Good, atOnce.Good, 6);
            Assert.Equal(there.Bad, atOnce.Bad, 6);
        }));

    [Fact]
    public void One_more_bad_event_speaks_against_the_new_one_and_for_it_when_it_is_the_old_one_s() =>
        Check.QuickThrowOnFailure(Prop.ForAll<(byte, byte, byte, byte)>(at =>
        {
            var one = Any(at.Item1, at.Item2, at.Item3, at.Item4);
            var (here, worse, better) = (Of(one), Of(one with { Bad = one.Bad + 1 }), Of(one with { OldBad = one.OldBad + 1 }));

            Assert.True(worse.Against > here.Against && worse.Good < here.Good && worse.Rare < here.Rare);
            Assert.True(better.Against < here.Against && better.Good > here.Good);
        }));

    [Fact]
    public void Dispersion_divides_all_of_it()
    {
        var (plain, guarded) = (One(4, 100, 6, 900), Evidence.None(Policy with { Grid = [2] }));
        var one = guarded.Add(Policy with { Grid = [2] }, 1, [plain]);
        var four = guarded.Add(Policy with { Grid = [2] }, 4, [plain]);

        Assert.Equal(one.Bad / 4, four.Bad, 9);
        Assert.Equal(one.Good / 4, four.Good, 9);
        Assert.Equal(one.Rare / 4, four.Rare, 9);
        Assert.Equal(4, four.Sum.Bad);
    }

    [Fact]
    public void While_dispersion_is_not_known_a_burst_is_one_event_against_it_and_all_of_it_for_a_pass()
    {
        var burst = new Compared(50, 1, 100, 0, 900);
        var unknown = Evidence.None(Policy).Add(Policy, null, [burst]);

        Assert.Equal(Of(One(1, 100, 0, 900)).Bad, unknown.Bad, 9);
        Assert.Equal(Of(burst).Good, unknown.Good, 9);
        Assert.Equal(50, unknown.Sum.Bad);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(20, 0)]
    public void Where_only_one_side_was_asked_the_ratio_stays_open(long asked, long oldAsked)
    {
        var evidence = Of(One(Math.Min(asked, 3), asked, Math.Min(oldAsked, 3), oldAsked));

        Assert.Equal(0, evidence.Bad, 9);
        Assert.Equal(0, evidence.Good, 9);
        Assert.Null(evidence.Ratio);
    }

    [Fact]
    public void Five_errors_of_the_new_one_against_none_halt_at_a_share_of_ten_per_cent()
    {
        Assert.True(Of(One(5, 200, 0, 1800)).Against >= VerdictRounds.ToHalt(Policy, 0));
        Assert.True(Of(One(2, 200, 0, 1800)).Against < VerdictRounds.ToHalt(Policy, 0));
    }

    [Fact]
    public void What_turns_bad_late_is_found_although_the_good_time_before_was_long()
    {
        var good = Enumerable.Repeat(One(2, 200, 18, 1800), 400);
        var bad = Enumerable.Repeat(One(6, 200, 18, 1800), 12);
        var evidence = Of([.. good, .. bad]);

        Assert.True(evidence.Against >= VerdictRounds.ToHalt(Policy, 0));
        Assert.True(evidence.Bad < 0);
    }

    [Fact]
    public void A_new_round_forgets_the_stakes_and_keeps_what_speaks_for_a_pass()
    {
        var evidence = Of(One(9, 200, 18, 1800)).NextRound(Policy);

        Assert.Equal(0, evidence.Bad, 9);
        Assert.Equal(Of(One(9, 200, 18, 1800)).Good, evidence.Good, 9);
        Assert.Equal(Math.Log(0.8), evidence.Against, 9);
    }

    [Fact]
    public void The_ratio_is_of_like_with_like()
    {
        // Both are three times as often in each cell; in sums it would look like 11 times.
        var evidence = Evidence.None(Policy).Add(Policy, 1, [One(270, 900, 10, 100), One(3, 100, 9, 900)]);

        Assert.Equal(3, evidence.Ratio!.Value, 6);
        Assert.Null(Of(One(5, 100, 0, 900)).Ratio);
    }

    private static double Binomial(int n, int x, double p) =>
        Math.Exp(LogFactorial(n) - LogFactorial(x) - LogFactorial(n - x)) * Math.Pow(p, x) * Math.Pow(1 - p, n - x);

    private static double LogFactorial(int n) => Enumerable.Range(1, n).Sum(i => Math.Log(i));
}
