using Xunit.Abstractions;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Simulation.Verdicts;

/// <summary>
/// Whole verdicts, all signals together: ten instances on ten hosts, 200 requests a second, a canary with a tenth of them, five
/// minutes of the old release before.
/// </summary>
public sealed class JudgeSimulationTests(ITestOutputHelper output)
{
    private const int Before = 300;

    /// <summary>How often requests fail, are rescued by a retry, time out; and how long answers take.</summary>
    private sealed record Ways(double Failing, double Rescued = 0.5, double TimingOut = 0.001, double Milliseconds = 20);

    private static readonly Ways Usual = new(0.01);
    private static readonly Ways Clean = new(0.0005);

    private static TrafficScript Script(int run, int until, Ways old, Ways fresh, double dispersion = 1)
    {
        var chance = new Chance(23_000_009ul * (ulong)(run + 1));
        var script = new TrafficScript(10, 1, "az1", "az2");
        foreach (var caller in new[] { "az1", "az2" })
        {
            script.Run(-Before, until, (i, s) =>
            {
                var ways = script.IsNew(i, s) ? fresh : old;
                var requests = chance.Poisson(10);
                var failed = Math.Min(requests, chance.NegativeBinomial(requests * ways.Failing, dispersion));
                return script.Of(i, s, requests) with
                {
                    FirstFailures = failed,
                    Retries = failed,
                    Failures = Enumerable.Range(0, failed).Count(_ => chance.Next(1000) >= 1000 * ways.Rescued),
                    Timeouts = Math.Min(failed, chance.Poisson(requests * ways.TimingOut)),
                    Latency = LatencyHistogram.Of(Enumerable.Range(0, requests - failed)
                        .Select(_ => TimeSpan.FromMilliseconds(ways.Milliseconds * Math.Exp(0.7 * chance.Normal())))),
                };
            }, caller);
        }

        return script;
    }

    [Fact]
    public void An_identical_clean_release_is_not_halted_and_passes_within_two_minutes()
    {
        const int runs = 60;
        var (halted, passed) = (0, 0);
        for (var run = 0; run < runs; run++)
        {
            var script = Script(run, 180, Clean, Clean, dispersion: run % 2 == 0 ? 1 : 2);
            halted += script.Judge(180).Outcome == VerdictOutcome.Halt ? 1 : 0;
            passed += script.Judge(120).Outcome == VerdictOutcome.Pass ? 1 : 0;
        }

        output.WriteLine($"{runs} identical releases: {halted} halted within 180 s, {passed} passed within 120 s");
        Assert.InRange(halted, 0, 1);
        Assert.InRange(passed, runs / 2, runs);
    }

    [Fact]
    public void A_service_that_never_fails_passes_within_a_minute()
    {
        var script = new TrafficScript(10).Run(-Before, 60, 20, _ => 0, _ => 0);

        Assert.Equal(VerdictOutcome.Pass, script.Judge(54).Outcome);
        Assert.Equal(VerdictOutcome.Watching, script.Judge(50).Outcome);
    }

    /// <summary>Each is found in its own signal; of the masked one users notice nothing.</summary>
    [Theory]
    [InlineData(VerdictSignal.Errors, 0.20, 0.5, 0.001, 20)]
    [InlineData(VerdictSignal.FirstAttempts, 0.05, 0.9, 0.001, 20)]
    [InlineData(VerdictSignal.Timeouts, 0.06, 1.0, 0.1, 20)]
    [InlineData(VerdictSignal.Slow, 0.01, 0.5, 0.001, 40)]
    public void A_bad_release_is_halted_within_a_minute(
        VerdictSignal by, double failing, double rescued, double timingOut, double milliseconds)
    {
        const int runs = 10;
        for (var run = 0; run < runs; run++)
        {
            var verdict = Script(run, 60, Usual, new Ways(failing, rescued, timingOut, milliseconds)).Judge(60);

            Assert.Equal(VerdictOutcome.Halt, verdict.Outcome);
            Assert.True(verdict.Signals.Single(s => s.Signal == by).ToHalt >= 1, verdict.Why);
            var errors = verdict.Signals.Single(s => s.Signal == VerdictSignal.Errors);
            Assert.True(by == VerdictSignal.Errors || errors.ToHalt < 1, "retries were to hide it");
            output.WriteLine(verdict.Why);
        }
    }
}
