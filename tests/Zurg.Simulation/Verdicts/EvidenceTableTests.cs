using Xunit.Abstractions;
using Zurg.Core;

namespace Zurg.Simulation.Verdicts;

/// <summary>
/// The table of SAFETY.md 6: two bad events a second fleet-wide, 600 s, watched until it halts or passes. Seeds are fixed, and
/// the limits are the promise plus what luck allows, so that another seed would do as well.
/// </summary>
public sealed class EvidenceTableTests(ITestOutputHelper output)
{
    private const int Runs = 1000;
    private const int Seconds = 600;
    private const long RequestsASecond = 1000;
    private static readonly VerdictPolicy Policy = VerdictPolicy.Usual;

    private readonly record struct Result(int Halted, int Passed, double MedianHalt, double MedianPass)
    {
        public int Neither => Runs - Halted - Passed;
    }

    /// <param name="undecided">The share of runs that may reach neither end: the table's.</param>
    /// <param name="median">Seconds to a pass: the table's.</param>
    [Theory]
    [InlineData(50, 1.0, 0, 34)]
    [InlineData(50, 1.1, 0.001, 44)]
    [InlineData(10, 1.0, 0.001, 76)]
    [InlineData(10, 1.1, 0.002, 97)]
    [InlineData(5, 1.0, 0.005, 137)]
    [InlineData(5, 1.1, 0.03, 165)]
    public void A_release_within_the_tolerance_passes(int share, double theta, double undecided, double median)
    {
        var result = Run(share, theta);

        Assert.InRange(result.Halted, 0, Chance.Most(Runs, Policy.FalseHalt));
        Assert.InRange(result.Neither, 0, Chance.Most(Runs, undecided));
        AssertMedian(median, result.MedianPass);
    }

    /// <param name="undecided">The share of runs that may reach neither end: the table's.</param>
    /// <param name="median">Seconds to a halt: the table's.</param>
    [Theory]
    [InlineData(50, 2, 0, 62)]
    [InlineData(50, 3, 0, 18)]
    [InlineData(50, 5, 0, 6)]
    [InlineData(50, 10, 0, 3)]
    [InlineData(10, 2, 0.003, 141)]
    [InlineData(10, 3, 0, 40)]
    [InlineData(10, 5, 0, 13)]
    [InlineData(10, 10, 0, 5)]
    [InlineData(5, 2, 0.045, 259)]
    [InlineData(5, 3, 0, 74)]
    [InlineData(5, 5, 0, 24)]
    [InlineData(5, 10, 0, 8)]
    public void A_harmful_release_is_halted(int share, double theta, double undecided, double median)
    {
        var result = Run(share, theta);

        Assert.InRange(result.Passed, 0, theta > 2 ? 0 : Chance.Most(Runs, Policy.FalsePass));
        Assert.InRange(result.Neither, 0, Chance.Most(Runs, undecided));
        AssertMedian(median, result.MedianHalt);
    }

    /// <summary>Within a tenth of the table's, and a second.</summary>
    private static void AssertMedian(double table, double found) => Assert.InRange(found, (table * 0.9) - 1, (table * 1.1) + 1);

    private Result Run(int share, double theta)
    {
        var (halts, passes) = (new List<int>(), new List<int>());
        for (var run = 0; run < Runs; run++)
        {
            var chance = new Chance(1_000_003ul * (ulong)(run + 1));
            var evidence = Evidence.None(Policy);
            for (var second = 1; second <= Seconds; second++)
            {
                evidence = evidence.Add(Policy, 1, [Second(chance, share / 100.0, theta)]);
                if (evidence.Against >= VerdictRounds.ToHalt(Policy, 0))
                {
                    halts.Add(second);
                    break;
                }

                if (evidence.Good >= VerdictRounds.ToPass(Policy))
                {
                    passes.Add(second);
                    break;
                }
            }
        }

        var result = new Result(halts.Count, passes.Count, Chance.Median(halts), Chance.Median(passes));
        output.WriteLine($"{share} % of the traffic, {theta} times as often, {Runs} runs: {result}");
        return result;
    }

    private static Compared Second(Chance chance, double share, double theta)
    {
        var asked = (long)(share * RequestsASecond);
        var bad = chance.Poisson(2 * share * theta);
        return new Compared(bad, Math.Min(1, bad), asked, chance.Poisson(2 * (1 - share)), RequestsASecond - asked);
    }
}
