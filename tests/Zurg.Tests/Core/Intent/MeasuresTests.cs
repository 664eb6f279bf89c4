using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class MeasuresTests
{
    [Theory]
    [InlineData("100ms", 100)]
    [InlineData("1s", 1_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("5m", 300_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("2d", 172_800_000)]
    [InlineData("0s", 0)]
    public void A_duration_is_read(string text, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Measures.Duration(text));

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1S")]
    [InlineData("30s1m")]
    [InlineData("1s1s")]
    [InlineData("1..5s")]
    [InlineData("99999999999999999999d")]
    [InlineData("1MiB")]
    public void What_is_no_duration_is_refused(string text) => Assert.Null(Measures.Duration(text));

    [Theory]
    [InlineData("1B", 1)]
    [InlineData("1KB", 1_000)]
    [InlineData("1KiB", 1_024)]
    [InlineData("256MiB", 256L << 20)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("1TiB", 1L << 40)]
    public void A_size_is_read(string text, long bytes) => Assert.Equal(bytes, Measures.Size(text));

    [Theory]
    [InlineData("256")]
    [InlineData("256M")]
    [InlineData("256mb")]
    [InlineData("-1GB")]
    [InlineData("9999999999TiB")]
    public void What_is_no_size_is_refused(string text) => Assert.Null(Measures.Size(text));

    [Theory]
    [InlineData("30", "'30' is no duration", "it lacks a unit: write 30s for seconds or 30ms for milliseconds")]
    [InlineData("soon", "'soon' is no duration", "write a number and a unit: 100ms, 30s, 5m, 1h or 2d")]
    [InlineData("3h", "'3h' is out of range", "it must be 1s to 1h30m")]
    public void A_wrong_duration_is_told_with_its_mend(string text, string problem, string mend) =>
        Assert.Equal((problem, mend), Measures.DurationProblem(text, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(90)));

    [Theory]
    [InlineData("256", "'256' is no size", "it lacks a unit: write 256MiB or 256B")]
    [InlineData("big", "'big' is no size", "write a number and a unit: 512KiB, 256MiB, 2GiB or 1GB")]
    [InlineData("1B", "'1B' is out of range", "it must be 1MiB to 1GiB")]
    public void A_wrong_size_is_told_with_its_mend(string text, string problem, string mend) =>
        Assert.Equal((problem, mend), Measures.SizeProblem(text, 1 << 20, 1 << 30));

    [Theory]
    [InlineData("100ms")]
    [InlineData("1m30s")]
    [InlineData("0s")]
    [InlineData("2d1h")]
    public void A_duration_is_shown_as_it_would_be_written(string text) =>
        Assert.Equal(text, Measures.Show(Measures.Duration(text)!.Value));

    [Theory]
    [InlineData("256MiB")]
    [InlineData("1000B")]
    [InlineData("0B")]
    [InlineData("1025KiB")]
    public void A_size_is_shown_as_it_would_be_written(string text) =>
        Assert.Equal(text, Measures.Show(Measures.Size(text)!.Value));
}
