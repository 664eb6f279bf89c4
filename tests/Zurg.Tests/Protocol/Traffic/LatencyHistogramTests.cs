using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Protocol;

namespace Zurg.Tests.Counts;

public sealed class LatencyHistogramTests
{
    private static LatencyHistogram Of(params double[] milliseconds) =>
        LatencyHistogram.Of(milliseconds.Select(TimeSpan.FromMilliseconds));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.1, 0)]
    [InlineData(0.11, 1)]
    [InlineData(0.2, 4)]
    [InlineData(0.201, 5)]
    [InlineData(102.4, 40)]
    [InlineData(10_000_000, 95)]
    public void A_bucket_is_a_quarter_of_a_doubling(double milliseconds, int bucket) =>
        Assert.Equal(bucket, LatencyHistogram.BucketOf(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void A_percentile_is_never_too_short_and_at_most_a_fifth_too_long() =>
        Check.QuickThrowOnFailure(Prop.ForAll<NonEmptyArray<PositiveInt>>(array =>
        {
            var sorted = array.Get.Select(v => 0.1 + (v.Get * 0.37)).Order().ToArray();
            foreach (var share in new[] { 0.01, 0.5, 0.95, 0.99, 1 })
            {
                var exact = sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
                Assert.InRange(Of(sorted).Percentile(share)!.Value.TotalMilliseconds, exact * 0.9999, exact * 1.19);
            }
        }));

    [Fact]
    public void Sums_are_those_of_all_answers_together() =>
        Check.QuickThrowOnFailure(Prop.ForAll<PositiveInt[], PositiveInt[]>((one, other) =>
        {
            var (first, second) = (one.Select(v => v.Get * 3.1).ToArray(), other.Select(v => v.Get / 7.0).ToArray());
            Assert.Equal(Text(Of([.. first, .. second])), Text(Of(first).Plus(Of(second))));
            Assert.Equal(first.Length + second.Length, Of(first).Plus(Of(second)).Total);
        }));

    [Fact]
    public void What_is_above_a_bucket_is_slower_than_its_end()
    {
        var answers = Of(1, 1, 5, 50, 500);

        Assert.Equal(2, answers.Above(LatencyHistogram.BucketOf(TimeSpan.FromMilliseconds(5))));
        Assert.Equal(5, answers.Above(0));
        Assert.Equal(0, answers.Above(95));
        Assert.Equal(0, LatencyHistogram.Empty.Above(0));
    }

    [Fact]
    public void Without_answers_there_is_no_percentile()
    {
        Assert.Null(LatencyHistogram.Empty.Percentile(0.5));
        Assert.Equal(0, Of().Total);
    }

    [Theory]
    [InlineData("""{"first":0}""")]
    [InlineData("""{"counts":[1]}""")]
    public void Half_a_histogram_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LatencyHistogram>(json, WireJson.Default.Options));

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(96, 1)]
    [InlineData(90, 7)]
    [InlineData(int.MaxValue, 1)]
    public void Buckets_that_this_build_does_not_have_are_left_out(int first, int counts)
    {
        var foreign = new LatencyHistogram(first, [.. Enumerable.Repeat(1L, counts)]);

        Assert.Equal(0, foreign.Total);
        Assert.Equal(1, foreign.Plus(Of(5)).Total);
        Assert.Equal(0, foreign.Above(0));
        Assert.Equal(0, new LatencyHistogram(3, default).Total);
    }

    [Fact]
    public void It_is_short_on_the_wire() => Assert.Equal("""{"first":4,"counts":[2,0,0,0,1]}""", Text(Of(0.2, 0.2, 0.4)));

    private static string Text(LatencyHistogram histogram) => JsonSerializer.Serialize(histogram, WireJson.Default.Options);
}
