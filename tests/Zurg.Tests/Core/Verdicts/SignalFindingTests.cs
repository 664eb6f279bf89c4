using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Verdicts;

public sealed class SignalFindingTests
{
    private static readonly VerdictPolicy Policy = VerdictPolicy.Usual;

    private static SignalFinding Fold(
        int seconds, Func<int, (long Bad, long OldBad)> bad, double? dispersion = 1, long asked = 20) => SignalFinding.Fold(
            Policy, VerdictSignal.Errors, dispersion,
            Enumerable.Range(0, seconds).SelectMany(s => new[]
            {
                new Sample(s, 0, 0, true, bad(s).Bad, asked), new Sample(s, 0, 1, false, bad(s).OldBad, 9 * asked),
            }),
            since: 0);

    [Fact]
    public void An_error_free_release_passes_by_its_rare_events_after_a_thousand_requests()
    {
        Assert.False(Fold(51, _ => (0, 0)).HasPassed);
        Assert.True(Fold(52, _ => (0, 0)).HasPassed);   // 1,040 requests: 4.605 / 0.0045 is 1,024
        Assert.True(Fold(52, _ => (0, 0), dispersion: null).HasPassed);
    }

    [Fact]
    public void One_that_fails_as_often_as_the_old_one_passes_by_the_ratio() =>
        Assert.True(Fold(60, _ => (1, 9)) is { HasPassed: true, ToPass: 1, ToHalt: 0 });

    [Fact]
    public void By_the_ratio_nothing_passes_while_its_dispersion_is_not_known() =>
        Assert.False(Fold(60, _ => (1, 9), dispersion: null).HasPassed);

    [Fact]
    public void Nothing_passes_with_fewer_than_200_requests_on_each_side()
    {
        Assert.False(Fold(60, _ => (1, 9), asked: 3).HasPassed);   // 180 and 1,620
        Assert.True(Fold(70, _ => (1, 9), asked: 3).HasPassed);

        var few = Enumerable.Range(0, 60).SelectMany(s => new[]
        {
            new Sample(s, 0, 0, true, 9, 90), new Sample(s, 0, 1, false, 9, 3),
        });
        Assert.False(SignalFinding.Fold(Policy, VerdictSignal.Errors, 1, few, 0).HasPassed);
    }

    [Fact]
    public void A_halt_waits_for_no_number_of_requests() =>
        Assert.True(Fold(3, _ => (2, 0), asked: 2).Halts);

    [Fact]
    public void What_was_reached_once_stays_reached()
    {
        Assert.True(Fold(600, s => s < 5 ? (2, 0) : (0, 9)) is { Halts: true, ToHalt: 1 });
        Assert.True(Fold(300, s => s < 100 ? (1, 9) : (2, 9)).HasPassed);
    }

    [Fact]
    public void Nothing_passes_while_half_of_what_halts_is_there()
    {
        // Both are well within 0.5 %; three against none are suspect.
        var two = Fold(140, s => (s is 0 or 50 ? 1 : 0, 0));
        Assert.True(two is { HasPassed: true, IsSuspect: false });

        var three = Fold(140, s => (s is 0 or 50 or 100 ? 1 : 0, 0));
        Assert.True(three is { HasPassed: false, IsSuspect: true, Halts: false });
        Assert.True(three.Evidence.Rare >= VerdictRounds.ToPass(Policy));
    }

    [Fact]
    public void Each_round_has_its_own_stakes()
    {
        // Four of the five that halt, then another four in the next round.
        var spread = Fold(1800, s => (s is > 0 and < 4 or > 1300 and < 1304 ? 1 : 0, 0), asked: 20);
        Assert.False(spread.Halts);

        Assert.True(Fold(1800, s => (s is > 1300 and < 1310 ? 1 : 0, 0), asked: 20).Halts);
    }

    [Fact]
    public void Bursts_count_once_while_dispersion_is_not_known()
    {
        Assert.False(Fold(100, s => (s == 50 ? 20 : 0, 0), dispersion: null).Halts);
        Assert.True(Fold(100, s => (s == 50 ? 20 : 0, 0)).Halts);
        Assert.True(Fold(100, s => (s is >= 50 and < 56 ? 20 : 0, 0), dispersion: null).Halts);
    }

    [Theory]
    [InlineData(VerdictSignal.FirstAttempts, true)]
    [InlineData(VerdictSignal.Slow, true)]
    [InlineData(VerdictSignal.Crashes, false)]
    [InlineData(VerdictSignal.Probes, false)]
    public void Crashes_and_probes_can_only_halt(VerdictSignal signal, bool canPass) =>
        Assert.Equal(canPass, SignalFinding.CanPass(signal));
}
