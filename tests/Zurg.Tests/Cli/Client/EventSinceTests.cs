using Zurg.Cli;
using Zurg.Cli.Client;

namespace Zurg.Tests.Cli.Client;

public sealed class EventSinceTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("2h", 7_200)]
    [InlineData("36500d", 3_153_600_000)]
    public void A_time_ago_is_a_number_with_its_unit(string text, long seconds) =>
        Assert.Equal((null, Now - TimeSpan.FromSeconds(seconds)), EventSince.Parse(text, Now));

    [Theory]
    [InlineData("36501d")]
    [InlineData("2147483647d")]
    [InlineData("99999999999d")]
    [InlineData("-1d")]
    [InlineData("d")]
    public void What_is_no_time_or_before_everything_is_bad_usage(string text) =>
        Assert.Equal(ExitCode.BadUsage, Assert.Throws<VerbFailedException>(() => EventSince.Parse(text, Now)).ExitCode);
}
