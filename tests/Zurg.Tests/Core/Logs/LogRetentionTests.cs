using Zurg.Core;

namespace Zurg.Tests.Core.Logs;

public sealed class LogRetentionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly LogBound Bound = new(1000, TimeSpan.FromHours(8));

    /// <summary>Segments as BYTES@AGE of the last line in hours; how many go.</summary>
    [Theory]
    [InlineData("", 5000, 0)]
    [InlineData("400@3 400@2 200@1", 0, 0)]
    [InlineData("400@3 400@2 200@1", 1, 1)]
    [InlineData("400@3 400@2 200@1", 401, 2)]
    [InlineData("400@3 400@2 200@1", 9000, 2)]
    [InlineData("100@9 100@8 100@1", 0, 1)]
    [InlineData("100@10 100@9 100@9", 0, 3)]
    [InlineData("100@10 600@2 600@1", 0, 2)]
    [InlineData("5000@0", 0, 0)]
    public void The_oldest_go_by_size_and_by_age_and_the_newest_by_age_alone(string segments, long unmoved, int dropped)
    {
        var parts = segments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(dropped, LogRetention.Drop([.. parts.Select((s, i) => Segment(i, s.Split('@')))], unmoved, Bound, Now));
    }

    [Fact]
    public void A_segment_without_lines_stays() =>
        Assert.Equal(0, LogRetention.Drop([new LogSegment(5, 0, null, null)], 0, Bound, Now));

    [Theory]
    [InlineData(64 * 1024 - 1, 0.5, false)]
    [InlineData(64 * 1024, 0, true)]
    [InlineData(1, 1, true)]
    public void A_segment_ends_by_size_and_by_age(long bytes, double hours, bool full) => Assert.Equal(
        full, LogRetention.IsFull(new LogSegment(0, bytes, Now - TimeSpan.FromHours(hours), Now), Bound, Now));

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(1001, 501)]
    [InlineData(10_000, 9500)]
    public void More_than_may_be_kept_is_given_up_down_to_half(long unmoved, long surplus) =>
        Assert.Equal(surplus, LogRetention.Surplus(unmoved, Bound));

    private static LogSegment Segment(int number, string[] parts)
    {
        var last = Now - TimeSpan.FromHours(double.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
        return new LogSegment(number, long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), last, last);
    }
}
