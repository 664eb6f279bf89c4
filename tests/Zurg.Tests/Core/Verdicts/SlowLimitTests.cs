using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Verdicts;

public sealed class SlowLimitTests
{
    private static readonly TrafficScript Script = new(2);

    /// <summary>Of each twenty answers one takes ten times as long.</summary>
    private static TrafficRow Row(int second, double milliseconds, bool isNew = false, int answers = 20) => new(
        second, null, Script.Question.Old[0], isNew, Script.Of(Script.Question.Old[0], second, answers) with
        {
            Latency = LatencyHistogram.Of(Enumerable.Range(0, answers)
                .Select(i => TimeSpan.FromMilliseconds(i % 20 == 19 ? 10 * milliseconds : milliseconds))),
        });

    private static ImmutableSortedDictionary<long, int> Of(long until, params TrafficRow[] rows) => SlowLimit.Of(rows, until);

    [Fact]
    public void It_is_the_p95_of_the_seconds_before_and_known_from_200_answers_on()
    {
        var limits = Of(20, [.. Enumerable.Range(0, 20).Select(s => Row(s, 5))]);

        Assert.Equal(Enumerable.Range(10, 10).Select(s => (long)s), limits.Keys);
        Assert.All(limits.Values, l => Assert.Equal(LatencyHistogram.BucketOf(TimeSpan.FromMilliseconds(5)), l));
    }

    [Fact]
    public void It_goes_with_the_old_one_s_last_five_minutes()
    {
        var limits = Of(700, [.. Enumerable.Range(0, 700).Select(s => Row(s, s < 300 ? 5 : 50))]);

        Assert.Equal(LatencyHistogram.BucketOf(TimeSpan.FromMilliseconds(5)), limits[300]);
        Assert.Equal(LatencyHistogram.BucketOf(TimeSpan.FromMilliseconds(50)), limits[301 + 299]);
        Assert.Equal(LatencyHistogram.BucketOf(TimeSpan.FromMilliseconds(50)), limits[400]);
    }

    [Fact]
    public void It_ends_when_nothing_is_heard_of_the_old_one_for_five_minutes()
    {
        var limits = Of(400, Row(0, 5, answers: 400), Row(1, 5));

        Assert.Contains(300, limits.Keys);
        Assert.DoesNotContain(301, limits.Keys);
    }

    [Fact]
    public void The_new_one_and_what_comes_later_have_no_part_in_it()
    {
        Assert.Empty(Of(100, Row(0, 5, isNew: true, answers: 900)));
        Assert.Empty(Of(100, Row(100, 5, answers: 900)));
        Assert.Empty(Of(100, Row(5, 5) with { Count = Script.Of(Script.Question.Old[0], 5, 900) }));
        Assert.Empty(Of(100));
    }
}
