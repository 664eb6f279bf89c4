using Xunit.Abstractions;
using Zurg.Core;

namespace Zurg.Simulation.Verdicts;

/// <summary>SAFETY.md's table of section 6: two bad events a second fleet-wide, 600 s, dispersion known to be 1.</summary>
public sealed class EvidenceTableTests(ITestOutputHelper output)
{
    private const int Seconds = 600;
    private const long RequestsASecond = 1000;
    private static readonly VerdictPolicy Policy = VerdictPolicy.Usual;

    private readonly record struct Result(int Halted, int Passed, int Neither, double MedianHalt, double MedianPass);

    [Theory]
    [InlineData(50, 1.0)]
    [InlineData(50, 1.1)]
    [InlineData(50, 2.0)]
    [InlineData(50, 3.0)]
    [InlineData(50, 5.0)]
    [InlineData(50, 10.0)]
    [InlineData(10, 1.0)]
    [InlineData(10, 1.1)]
    [InlineData(10, 2.0)]
    [InlineData(10, 3.0)]
    [InlineData(10, 5.0)]
    [InlineData(10, 10.0)]
    [InlineData(5, 1.0)]
    [InlineData(5, 1.1)]
    [InlineData(5, 2.0)]
    [InlineData(5, 3.0)]
    [InlineData(5, 5.0)]
    [InlineData(5, 10.0)]
    public void Print(int share, double theta)
    {
        var r = Run(2000, share / 100.0, theta, 1);
        output.WriteLine($"{share} % theta {theta}: {r}");
        var e = Run(2000, share / 100.0, theta, 1, exact: true);
        output.WriteLine($"{share} % theta {theta}: {e} exact");
    }

    private static Result Run(int runs, double share, double theta, ulong seed, bool exact = false)
    {
        var (halts, passes) = (new List<int>(), new List<int>());
        for (var run = 0; run < runs; run++)
        {
            var chance = new Chance((seed << 32) + (ulong)run);
            var evidence = Evidence.None(Policy);
            for (var second = 1; second <= Seconds; second++)
            {
                evidence = evidence.Add(Policy, 1, [Second(chance, share, theta)]);
                if ((exact ? evidence.Bad : evidence.Against) >= VerdictRounds.ToHalt(Policy, 0))
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

        return new Result(halts.Count, passes.Count, runs - halts.Count - passes.Count, Median(halts), Median(passes));
    }

    private static Compared Second(Chance chance, double share, double theta)
    {
        var asked = (long)(share * RequestsASecond);
        var bad = chance.Poisson(2 * share * theta);
        return new Compared(bad, Math.Min(1, bad), asked, chance.Poisson(2 * (1 - share)), RequestsASecond - asked);
    }

    private static double Median(List<int> seconds)
    {
        seconds.Sort();
        return seconds.Count == 0 ? double.NaN : seconds[seconds.Count / 2];
    }
}
