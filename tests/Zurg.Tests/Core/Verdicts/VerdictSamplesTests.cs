using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Verdicts;

public sealed class VerdictSamplesTests
{
    private static readonly LatencyHistogram Fast = LatencyHistogram.Of(Enumerable.Repeat(TimeSpan.FromMilliseconds(1), 20));
    private static readonly LatencyHistogram Slow = LatencyHistogram.Of(Enumerable.Repeat(TimeSpan.FromMilliseconds(9), 20));

    private static VerdictSamples Of(TrafficScript script)
    {
        var sides = new VerdictSides(script.Question);
        var rows = sides.RowsOf(script.Counts.Traffic, TrafficScript.Unix(-3600), TrafficScript.Unix(3600));
        return new VerdictSamples(
            script.Policy, script.Question, ControlChoice.Of(script.Question, rows), sides, rows, script.Counts.Lives,
            TrafficScript.Unix(3600));
    }

    private static string Shown(TrafficScript script, VerdictSignal signal) => string.Join(' ', Of(script).Of(signal)
        .OrderBy(s => s.Instance).ThenBy(s => s.Second)
        .Select(s => $"{(s.IsNew ? "new" : "old")}{s.Instance}@{s.Second - TrafficScript.Unix(0)}:{s.Bad}/{s.Asked}"));

    [Theory]
    [InlineData(VerdictSignal.FirstAttempts, "new0@0:3/10 old1@0:3/10")]
    [InlineData(VerdictSignal.Errors, "new0@0:2/10 old1@0:2/10")]
    [InlineData(VerdictSignal.Timeouts, "new0@0:1/10 old1@0:1/10")]
    [InlineData(VerdictSignal.Slow, "")]
    [InlineData(VerdictSignal.Unknown, "")]
    public void Every_signal_of_traffic_is_of_the_requests_that_began_there(VerdictSignal signal, string samples)
    {
        var script = new TrafficScript(2);
        script.Run(0, 1, (i, s) => script.Of(i, s, 10) with { FirstFailures = 3, Failures = 2, Timeouts = 1, Retries = 90 });

        Assert.Equal(samples, Shown(script, signal));
    }

    [Fact]
    public void Counts_that_cannot_be_are_cut_to_what_can()
    {
        var script = new TrafficScript(2);
        script.Run(0, 1, (i, s) => script.Of(i, s, i.Instance.Index == 0 ? 5 : -5) with { FirstFailures = 9, Failures = -9 });

        Assert.Equal("new0@0:5/5 old1@0:0/0", Shown(script, VerdictSignal.FirstAttempts));
        Assert.Equal("new0@0:0/5 old1@0:0/0", Shown(script, VerdictSignal.Errors));
    }

    [Fact]
    public void A_process_may_be_slow_for_its_first_ten_seconds_and_its_errors_count()
    {
        var script = new TrafficScript(2);
        script.Run(-60, 12, (i, s) => script.Of(i, s, 20) with { Latency = script.IsNew(i, s) ? Slow : Fast, FirstFailures = 1 });

        Assert.EndsWith("new0@10:20/20 new0@11:20/20", Shown(script, VerdictSignal.Slow)[..Shown(script, VerdictSignal.Slow)
            .IndexOf(" old1", StringComparison.Ordinal)]);
        Assert.DoesNotContain("new0@9:", Shown(script, VerdictSignal.Slow), StringComparison.Ordinal);
        Assert.Contains("new0@0:1/20", Shown(script, VerdictSignal.FirstAttempts), StringComparison.Ordinal);
        Assert.Contains("old1@5:0/20", Shown(script, VerdictSignal.Slow), StringComparison.Ordinal);
    }

    [Fact]
    public void Whether_answers_are_timed_is_told()
    {
        var script = new TrafficScript(2);
        Assert.True(Of(script).AreTimed);
        Assert.False(Of(script.Run(0, 1, 5, _ => 0, _ => 0)).AreTimed);
        Assert.True(Of(script.Run(1, 2, (i, s) => script.Of(i, s, 20) with { Latency = Fast })).AreTimed);
    }

    [Fact]
    public void Lives_are_counted_in_seconds_and_probes()
    {
        var script = new TrafficScript(2).Live(0, 1, (i, _, l) => l with
        {
            Lived = 10, Crashes = i.Instance.Index == 0 ? 2 : null, Probes = 5, FailedProbes = 1,
        }).Live(1, 2, (_, _, l) => l with { Lived = 0, Crashes = 1 });

        Assert.Equal("new0@0:2/10 new0@1:1/1 old1@0:0/10 old1@1:1/1", Shown(script, VerdictSignal.Crashes));
        Assert.Equal("new0@0:1/5 new0@1:0/0 old1@0:1/5 old1@1:0/0", Shown(script, VerdictSignal.Probes));
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(2400, 1200)]
    [InlineData(3600, 1200)]
    public void The_time_before_is_played_again_nearest_first_within_the_first_round(int before, int seconds)
    {
        var script = new TrafficScript(2).Run(-before, 5, 1, _ => 0, _ => 0);
        var samples = Of(script);
        var replayed = samples.Replayed(samples.Of(VerdictSignal.Errors)).Where(s => s.Instance == 1)
            .Select(s => s.Second - TrafficScript.Unix(0)).ToArray();

        Assert.Equal(before, replayed.Length);
        Assert.Equal(0, replayed[^1]);
        Assert.Equal(replayed.OrderDescending(), replayed);
        Assert.Equal(seconds - 1, replayed[0]);
    }

    [Fact]
    public void Names_are_the_instance_s_own()
    {
        var (few, many) = (Of(new TrafficScript(2)), Of(new TrafficScript(9)));

        Assert.Equal<ulong>([.. few.Names], [.. many.Names[..2]]);
        Assert.Equal(9, many.Names.Distinct().Count());
    }
}
