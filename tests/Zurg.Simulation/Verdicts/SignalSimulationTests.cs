using System.Collections.Immutable;
using Xunit.Abstractions;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Simulation.Verdicts;

/// <summary>One signal of ten instances, one with the new release, under noise and faults that the table does not have.</summary>
public sealed class SignalSimulationTests(ITestOutputHelper output)
{
    private const int Instances = 10;
    private const long Asked = 20;
    private static readonly VerdictPolicy Policy = VerdictPolicy.Usual;

    private static readonly ImmutableArray<ulong> Names = [.. Enumerable.Range(1, Instances).Select(i => (ulong)i * 1_000_003)];

    private static SignalFinding Fold(IEnumerable<Sample> samples, double? dispersion) =>
        SignalFinding.Fold(Policy, VerdictSignal.Errors, dispersion, samples.Where(s => s.Second >= 0), since: 0);

    /// <summary>The second in which it halts when it is looked at each second; null: it never does.</summary>
    private static int? HaltedAt(IReadOnlyCollection<Sample> samples, double? dispersion, int until)
    {
        if (!Fold(samples, dispersion).Halts)
        {
            return null;
        }

        var (before, at) = (0, until);
        while (at - before > 1)
        {
            var middle = (before + at) / 2;
            (before, at) = Fold(samples.Where(s => s.Second < middle), dispersion).Halts ? (before, middle) : (middle, at);
        }

        return at;
    }

    /// <param name="bad">The count of an instance in a second; 0 is the new one, which there is from second 0 on.</param>
    private static List<Sample> Samples(int from, int until, Func<int, int, long> bad, Func<int, int, long>? asked = null) =>
    [
        .. from second in Enumerable.Range(@from, until - @from)
           from instance in Enumerable.Range(0, Instances)
           where instance > 0 || second >= 0
           select new Sample(
               second, 0, instance, instance == 0, bad(second, instance), asked?.Invoke(second, instance) ?? Asked),
    ];

    /// <summary>
    /// A release that is the same, where bad events bunch: four at a time in each instance, or in storms of ten seconds that hit
    /// one instance after another. The second kind does not show within seconds.
    /// </summary>
    [Theory]
    [InlineData("bunches", 2.0)]
    [InlineData("bunches", 20.0)]
    [InlineData("storms", 2.0)]
    public void Noise_that_bunches_is_not_taken_for_the_release(string kind, double rate)
    {
        const int runs = 100;
        var (ignored, halted, passed) = (0, 0, 0);
        for (var run = 0; run < runs; run++)
        {
            var samples = kind == "bunches" ? Bunches(run, rate) : Storms(run, rate);
            var guarded = Fold(samples, Dispersion.Of(samples, Names));
            ignored += Fold(samples, 1).Halts ? 1 : 0;
            halted += guarded.Halts ? 1 : 0;
            passed += guarded.HasPassed ? 1 : 0;
        }

        output.WriteLine($"{kind} at {rate}/s, {runs} runs: {halted} halted, {passed} passed; {ignored} halted unguarded");
        Assert.InRange(halted, 0, Chance.Most(runs, 0.01));
        Assert.InRange(passed, runs - Chance.Most(runs, 0.1), runs);
        Assert.True(ignored > runs / 2, "the noise is none");
    }

    private static List<Sample> Bunches(int run, double rate)
    {
        var chance = new Chance(7_000_003ul * (ulong)(run + 1));
        return Samples(-600, 600, (_, _) => chance.NegativeBinomial(rate / Instances, 4));
    }

    private static List<Sample> Storms(int run, double rate)
    {
        var chance = new Chance(9_000_011ul * (ulong)(run + 1));
        var until = Enumerable.Repeat(int.MinValue, Instances).ToArray();
        return Samples(-600, 600, (second, i) =>
        {
            until[i] = second >= until[i] && chance.Next(200) == 0 ? second + 10 : until[i];
            return chance.Poisson(rate / Instances * (second < until[i] ? 10 : 1));
        });
    }

    /// <summary>At 200 requests a second of which 1 % fail, after five good minutes.</summary>
    [Fact]
    public void A_fault_that_begins_late_is_found_as_one_that_was_there_from_the_start()
    {
        Assert.InRange(MedianDelay(300, 1, s => s < 300 ? 1 : 5), 10, 30);      // 13 s from the start
        Assert.InRange(MedianDelay(300, 10, s => s < 300 ? 1 : 3), 3, 15);      // 4 s from the start
    }

    [Fact]
    public void A_fault_that_grows_slowly_is_found_on_its_way() =>
        Assert.InRange(MedianDelay(60, 1, s => s < 60 ? 1 : Math.Min(5, 1 + ((s - 60) / 60.0))), 60, 180);

    private double MedianDelay(int from, int load, Func<int, double> theta)
    {
        const int runs = 40;
        var delays = new List<int>();
        for (var run = 0; run < runs; run++)
        {
            var chance = new Chance(11_000_027ul * (ulong)(run + 1));
            var samples = Samples(
                0, 600, (s, i) => chance.Poisson(load * 0.01 * Asked * (i == 0 ? theta(s) : 1)), (_, _) => load * Asked);
            delays.Add((HaltedAt(samples, 1, 600) ?? throw new InvalidOperationException($"run {run} found nothing")) - from);
        }

        output.WriteLine($"from {from} s on, load {load}: halted after {Chance.Median(delays)} s, all after {delays.Max()} s");
        Assert.All(delays, d => Assert.True(d > 0, "it halted before the fault"));
        return Chance.Median(delays);
    }

    /// <summary>
    /// The new one gets 5 %, 50 %, then 20 % of the traffic, while the rate of all follows the time of day: in sums the new one
    /// would look several times worse than it is, and a bad one better.
    /// </summary>
    [Theory]
    [InlineData(1.0, false)]
    [InlineData(3.0, true)]
    public void A_share_that_changes_meanwhile_changes_nothing(double theta, bool halts)
    {
        const int runs = 100;
        var halted = 0;
        for (var run = 0; run < runs; run++)
        {
            var chance = new Chance(13_000_027ul * (ulong)(run + 1));
            double Share(int s) => s < 100 ? 0.05 : s < 200 ? 0.5 : 0.2;
            double Rate(int s) => s < 100 ? 0.005 : s < 200 ? 0.05 : 0.002;
            long AskedOf(int s, int i) => (long)(200 * (i == 0 ? Share(s) : (1 - Share(s)) / (Instances - 1)));
            var samples = Samples(0, 300, (s, i) => chance.Poisson(AskedOf(s, i) * Rate(s) * (i == 0 ? theta : 1)), AskedOf);
            halted += Fold(samples, 1).Halts ? 1 : 0;
        }

        Assert.InRange(halted, halts ? runs : 0, halts ? runs : Chance.Most(runs, Policy.FalseHalt));
    }

    [Fact]
    public void Where_the_old_one_never_failed_a_new_one_that_fails_now_and_then_is_halted()
    {
        var halts = Enumerable.Range(0, 100).Select(run =>
        {
            var chance = new Chance(17_000_023ul * (ulong)(run + 1));
            var samples = Samples(-60, 120, (_, i) => i == 0 ? chance.Poisson(0.02 * Asked) : 0);
            Assert.Null(Dispersion.Of(samples, Names));
            return HaltedAt(samples, null, 120);
        }).ToArray();

        output.WriteLine($"2 % against none: halted after {Chance.Median(halts.Select(h => h ?? 999))} s");
        Assert.DoesNotContain(null, halts);
        Assert.InRange(Chance.Median(halts.Select(h => h!.Value)), 6, 18);
    }

    /// <summary>Just what is not acceptable any more, and no old one to compare with.</summary>
    [Fact]
    public void By_rare_events_a_release_at_the_limit_seldom_passes()
    {
        const int runs = 500;
        var passed = Enumerable.Range(0, runs).Count(run =>
        {
            var chance = new Chance(19_000_013ul * (ulong)(run + 1));
            var alone = Enumerable.Range(0, 600).Select(s => new Sample(s, 0, 0, true, chance.Poisson(0.005 * Asked), Asked));
            return Fold(alone, null).HasPassed;
        });

        output.WriteLine($"{passed} of {runs} at the limit passed");
        Assert.InRange(passed, 0, Chance.Most(runs, Policy.FalsePass));
    }
}
