using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Verdicts;

public sealed class VerdictJudgeTests
{
    /// <summary>Ten instances of which one has the new release, 20 requests a second to each.</summary>
    private static TrafficScript Web(Func<int, long> bad, Func<int, long> oldBad, int until = 60, int from = -120) =>
        new TrafficScript(10).Run(from, until, 20, bad, oldBad);

    private static Func<int, long> EachOf(int seconds) => s => s % seconds == 0 ? 1 : 0;

    [Fact]
    public void A_release_that_fails_is_halted_with_its_evidence()
    {
        var verdict = Web(_ => 4, EachOf(2)).Judge(5);

        Assert.Equal(VerdictOutcome.Halt, verdict.Outcome);
        var evidence = verdict.Signals[0];
        Assert.Equal(VerdictSignal.FirstAttempts, evidence.Signal);
        Assert.Equal("web.0", Assert.Single(evidence.Instances).Value);
        Assert.Equal((20, 100), (evidence.Bad, evidence.Requests));
        Assert.Equal((9, 27, 900), (evidence.OldInstances, evidence.OldBad, evidence.OldRequests));
        Assert.InRange(evidence.Ratio!.Value, 6.6, 6.7);
        Assert.Equal((1.1, 1.0), (evidence.Limit, evidence.ToHalt));
        Assert.Equal(
            "web.0 with 2.0.0 failed 20 of 100 (20 %) first attempts, 6.7 times as often as 9 instances with 1.0.0 in the same "
                + "cells: 27 of 900 (3 %); up to 1.1 times is fine",
            verdict.Why);
        Assert.Equal(
            "only web.0 on host0 has 2.0.0: what this instance or its host does to it cannot be told from what the release does",
            verdict.Caveats[0]);
    }

    [Fact]
    public void A_release_as_good_as_the_old_one_passes_and_says_so()
    {
        var script = Web(EachOf(2), EachOf(2), until: 100);

        Assert.Equal(VerdictOutcome.Watching, script.Judge(10).Outcome);
        var verdict = script.Judge(100);
        Assert.Equal(VerdictOutcome.Pass, verdict.Outcome);
        Assert.Empty(verdict.Missing);
        Assert.Equal(
            "2.0.0 is as good as 1.0.0 in 2,000 requests to web.0, compared with 18,000 to 9 instances with 1.0.0 in the same "
                + "cells",
            verdict.Why);
    }

    [Fact]
    public void A_service_without_any_error_passes_within_a_minute()
    {
        var script = Web(_ => 0, _ => 0);

        Assert.Equal(VerdictOutcome.Watching, script.Judge(50).Outcome);
        Assert.Equal(VerdictOutcome.Pass, script.Judge(55).Outcome);
    }

    [Fact]
    public void What_retries_hide_from_users_is_halted()
    {
        var script = new TrafficScript(10);
        script.Run(-120, 30, (i, s) => script.Of(i, s, 20) with
        {
            FirstFailures = script.IsNew(i, s) ? 4 : EachOf(2)(s), Retries = 1, Failures = s % 60 == 7 ? 1 : 0,
        });

        var verdict = script.Judge(10);
        Assert.Equal(VerdictOutcome.Halt, verdict.Outcome);
        Assert.Equal(VerdictSignal.FirstAttempts, verdict.Signals[0].Signal);
        Assert.True(verdict.Signals.Single(s => s.Signal == VerdictSignal.Errors).ToHalt < 0.5);
    }

    [Theory]
    [InlineData(VerdictSignal.Errors, "failed 30 of 400 (7.5 %) requests")]
    [InlineData(VerdictSignal.Timeouts, "let 30 of 400 (7.5 %) requests time out")]
    [InlineData(VerdictSignal.Slow, "was slow with 30 of 200 (15 %) answers")]
    [InlineData(VerdictSignal.Probes, "failed 10 of 20 (50 %) probes")]
    [InlineData(VerdictSignal.Crashes, "ended by itself 10 times in 20 s")]
    public void Each_signal_halts_by_itself(VerdictSignal signal, string words)
    {
        var script = new TrafficScript(10);
        long IsBad(VerdictSignal of, JudgedInstance i, int s, bool at) => signal == of && script.IsNew(i, s) && at ? 1 : 0;
        var (good, slow) = (Answers(20, 0), Answers(17, 3));
        script.Run(-120, 20, (i, s) => script.Of(i, s, 20) with
        {
            Failures = 3 * IsBad(VerdictSignal.Errors, i, s, s >= 10),
            Timeouts = 3 * IsBad(VerdictSignal.Timeouts, i, s, s >= 10),
            Latency = IsBad(VerdictSignal.Slow, i, s, true) > 0 ? slow : good,
        });
        script.Live(-120, 20, (i, s, l) => l with
        {
            Probes = 1,
            FailedProbes = (int)IsBad(VerdictSignal.Probes, i, s, s % 2 == 0),
            Crashes = (int)IsBad(VerdictSignal.Crashes, i, s, s % 2 == 0),
        });

        var verdict = script.Judge(20);
        Assert.Equal(VerdictOutcome.Halt, verdict.Outcome);
        Assert.Equal(signal, verdict.Signals[0].Signal);
        Assert.Single(verdict.Signals, s => s.ToHalt >= 1);
        Assert.Equal(signal == VerdictSignal.Slow ? 1.5 : 1.1, verdict.Signals[0].Limit);
        Assert.StartsWith($"web.0 with 2.0.0 {words}, ", verdict.Why, StringComparison.Ordinal);
    }

    private static LatencyHistogram Answers(int fast, int slow) => LatencyHistogram.Of(
        Enumerable.Repeat(TimeSpan.FromMilliseconds(2), fast).Concat(Enumerable.Repeat(TimeSpan.FromMilliseconds(80), slow)));

    [Fact]
    public void Counts_that_are_still_under_way_are_left_for_the_next_time()
    {
        var script = Web(_ => 10, _ => 0, until: 3);
        script.Policy = script.Policy with { Lag = TimeSpan.FromSeconds(5) };

        Assert.Equal(VerdictOutcome.Watching, script.Judge(0).Outcome);
        Assert.Equal(TrafficScript.At(3), script.Judge(3).At);
    }

    [Fact]
    public void Too_little_traffic_is_never_a_pass_by_itself()
    {
        var script = new TrafficScript(10);
        script.Run(0, 1300, (i, s) => s % 10 == 0 ? script.Of(i, s, 1) : null);

        var watching = script.Judge(1197);
        Assert.Equal(VerdictOutcome.Watching, watching.Outcome);
        Assert.Equal(TrafficScript.At(1200), watching.Until);
        var verdict = script.Judge(1250);
        Assert.Equal(VerdictOutcome.TooLittle, verdict.Outcome);
        Assert.Equal("failed first attempts: 125 of at least 200 requests came to web.0", verdict.Missing[0]);
        Assert.Equal(
            "20 minutes were too little to tell whether 2.0.0 is fine: " + verdict.Missing[0], verdict.Why);
        Assert.Null(verdict.GoesOnAt);
        Assert.Null(verdict.Asks);
    }

    [Theory]
    [InlineData(OnTooLittle.Hold, null, null)]
    [InlineData(OnTooLittle.Ask, true, null)]
    [InlineData(OnTooLittle.GoOn, null, 3000)]
    public void What_happens_then_is_the_policy_s(OnTooLittle policy, bool? asks, int? goesOn)
    {
        var script = new TrafficScript(2) { Policy = VerdictPolicy.Usual with { TooLittle = policy } };
        var verdict = script.Judge(1201);

        Assert.Equal(VerdictOutcome.TooLittle, verdict.Outcome);
        Assert.Equal(asks, verdict.Asks);
        Assert.Equal(goesOn is null ? null : TrafficScript.At(goesOn.Value), verdict.GoesOnAt);
    }

    [Fact]
    public void More_traffic_after_that_still_passes_or_halts()
    {
        var script = new TrafficScript(10);
        script.Run(1250, 1400, (i, s) => script.Of(i, s, 20) with { FirstFailures = s > 1340 && script.IsNew(i, s) ? 9 : 0 });

        Assert.Equal(VerdictOutcome.TooLittle, script.Judge(1250).Outcome);
        Assert.Equal(VerdictOutcome.Pass, script.Judge(1330).Outcome);
        Assert.Equal(VerdictOutcome.Halt, script.Judge(1360).Outcome);
    }

    [Fact]
    public void It_is_watched_for_hours_and_halts_when_it_turns_bad()
    {
        var script = Web(s => s < 9000 ? EachOf(2)(s) : 2, EachOf(2), until: 9100, from: 5200);

        Assert.Equal(VerdictOutcome.Pass, script.Judge(9000).Outcome);
        Assert.Equal(VerdictOutcome.Halt, script.Judge(9060).Outcome);
    }

    [Fact]
    public void What_was_seen_an_hour_ago_is_not_looked_at()
    {
        var script = Web(s => s is > 20 and < 30 ? 10 : 0, _ => 0, until: 4000);

        Assert.Equal(VerdictOutcome.Halt, script.Judge(3500).Outcome);
        Assert.Equal(VerdictOutcome.Pass, script.Judge(3800).Outcome);
    }

    [Theory]
    [InlineData(3600, 0)]
    [InlineData(3601, 1200)]
    [InlineData(4800, 1200)]
    [InlineData(4801, 1800)]
    [InlineData(5399, 1800)]
    public void Where_the_beginning_is_forgotten_a_round_begins_it(int at, int from)
    {
        var script = new TrafficScript(2).Run(0, 5400, 1, _ => 0, _ => 0);
        script.Policy = script.Policy with { Lag = TimeSpan.Zero };

        Assert.Equal(at - from, script.Judge(at).Signals[0].Requests);
    }

    [Fact]
    public void When_no_old_one_is_left_it_is_compared_with_the_time_before()
    {
        var bad = new TrafficScript(2, 2).Run(-600, 60, 20, _ => 3, EachOf(3)).Judge(30);
        Assert.Equal(VerdictOutcome.Halt, bad.Outcome);
        Assert.EndsWith(
            "2 instances with 1.0.0 before: 20 of 1,200 (1.67 %); up to 1.1 times is fine", bad.Why, StringComparison.Ordinal);
        Assert.Contains("no instance has 1.0.0 any more: it is compared with the time before", bad.Caveats);

        Assert.Equal(VerdictOutcome.Pass, new TrafficScript(2, 2).Run(-600, 200, 20, EachOf(3), EachOf(3)).Judge(190).Outcome);
    }

    [Fact]
    public void A_service_of_one_instance_without_a_past_can_pass_by_itself() =>
        Assert.Equal(VerdictOutcome.Pass, new TrafficScript(1, 1).Run(0, 60, 20, _ => 0, _ => 0).Judge(60).Outcome);

    [Fact]
    public void A_storm_of_callers_from_one_cell_does_not_look_like_the_release()
    {
        // az2's callers fail everywhere, and mostly call the new one: in sums it would be 6 times as often.
        var script = new TrafficScript(10);
        script.Run(-120, 120, (i, s) => script.Of(i, s, 20) with { FirstFailures = EachOf(10)(s) }, "az1");
        script.Run(0, 120, (i, s) => script.IsNew(i, s)
            ? script.Of(i, s, 40) with { FirstFailures = 10 }
            : script.Of(i, s, 4) with { FirstFailures = 1 }, "az2");

        Assert.Equal(VerdictOutcome.Pass, script.Judge(120).Outcome);
        Assert.InRange(script.Judge(120).Signals[0].Ratio!.Value, 0.9, 1.1);
    }

    [Fact]
    public void The_order_of_instances_and_of_counts_and_how_they_were_cut_is_irrelevant() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(15), Prop.ForAll<byte, byte>((seed, rate) =>
        {
            var prng = new Prng(seed);
            var script = new TrafficScript(6, 2, "az1", "az2");
            script.Run(-70, 40, (i, s) => script.Of(i, s, 1 + prng.Next(20)) with
            {
                FirstFailures = prng.Next(256) < rate ? 1 : 0,
            });
            var (counts, question) = (script.Counts, script.Question);
            var mixed = new ServiceCounts
            {
                // Each instance's part comes by itself, as from so many counters.
                Traffic =
                [
                    .. counts.Traffic.SelectMany(t => t.Instances.Select(i => t with { Instances = [i] }))
                        .OrderBy(_ => prng.NextUInt64()),
                ],
            };
            var turned = question with { New = [.. question.New.Reverse()], Old = [.. question.Old.Reverse()] };

            var now = TrafficScript.At(40);
            Assert.Equal(
                Text(VerdictJudge.Judge(script.Policy, question, counts, now)),
                Text(VerdictJudge.Judge(script.Policy, turned, mixed, now)));
        }));

    [Fact]
    public void A_verdict_survives_the_wire()
    {
        var verdict = Web(_ => 4, EachOf(2)).Judge(5);
        var zero = Web(_ => 4, _ => 0).Judge(9);

        Assert.Equal(Text(verdict), Text(JsonSerializer.Deserialize(Text(verdict), WireJson.Default.Verdict)!));
        Assert.Null(zero.Signals[0].Ratio);
        Assert.EndsWith("and 9 instances with 1.0.0 in the same cells: 0 of 1,620 (0 %)", zero.Why, StringComparison.Ordinal);
    }

    private static string Text(Verdict verdict) => JsonSerializer.Serialize(verdict, WireJson.Default.Verdict);
}
