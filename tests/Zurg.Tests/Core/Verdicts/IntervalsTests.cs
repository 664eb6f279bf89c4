using Zurg.Core;

namespace Zurg.Tests.Core.Verdicts;

public sealed class IntervalsTests
{
    private static Sample New(long second, long bad, long asked, int instance = 0, int stratum = 0) =>
        new(second, stratum, instance, true, bad, asked);

    private static Sample Old(long second, long bad, long asked, int instance = 5, int stratum = 0) =>
        new(second, stratum, instance, false, bad, asked);

    private static string Shown(params Sample[] samples) => string.Join("; ", Intervals.Of(samples).Select(i =>
        $"{i.Second}: " + string.Join(" | ", i.Strata.Select(c => $"{c.Bad}({c.Bursts})/{c.Asked} {c.OldBad}/{c.OldAsked}"))));

    [Fact]
    public void Each_second_with_both_sides_is_an_interval() => Assert.Equal(
        "1: 1(1)/10 2/90; 2: 0(0)/10 0/80", Shown(Old(2, 0, 80), New(1, 1, 10), Old(1, 2, 90), New(2, 0, 10)));

    [Fact]
    public void Strata_stay_apart_in_their_order() => Assert.Equal(
        "1: 1(1)/10 0/30 | 0(0)/20 4/40",
        Shown(New(1, 0, 20, stratum: 3), Old(1, 4, 40, stratum: 3), Old(1, 0, 30, stratum: 1), New(1, 1, 10, stratum: 1)));

    [Fact]
    public void A_second_that_asked_one_side_only_waits_for_the_next_ones() => Assert.Equal(
        "4: 1(1)/2 3/30; 5: 0(0)/1 0/9", Shown(Old(1, 1, 10), Old(2, 2, 20), New(4, 1, 2), New(5, 0, 1), Old(5, 0, 9)));

    [Fact]
    public void It_waits_ten_seconds_at_most_and_then_counts_for_one_side_only() =>
        Assert.Equal("10: 3(3)/6 0/0; 11: 0(0)/0 1/9", Shown(New(1, 1, 2), New(9, 1, 2), New(10, 1, 2), Old(11, 1, 9)));

    [Fact]
    public void What_is_left_at_the_end_counts_too() => Assert.Equal("3: 2(1)/5 0/0", Shown(New(3, 2, 5)));

    [Fact]
    public void A_burst_is_one_however_many_called_and_failed() => Assert.Equal(
        "1: 7(1)/10 0/10 | 5(0)/10 0/10; 2: 4(2)/20 0/10",
        Shown(
            New(1, 7, 10), Old(1, 0, 10), New(1, 5, 10, stratum: 1), Old(1, 0, 10, stratum: 1),
            New(2, 3, 10), New(2, 1, 10, instance: 1), Old(2, 0, 10)));

    [Fact]
    public void Nothing_is_nothing() => Assert.Empty(Intervals.Of([]));
}
