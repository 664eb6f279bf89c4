using Zurg.Cli;
using Zurg.Cli.Verbs;

namespace Zurg.Tests.Cli.Verbs;

public sealed class PatienceTests
{
    [Theory]
    [InlineData(null, 300)]
    [InlineData("90s", 90)]
    [InlineData("0s", 0)]
    [InlineData("30d", 2_592_000)]
    public void A_verb_waits_five_minutes_or_as_long_as_it_is_told(string? text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Patience.Of(text));

    [Theory]
    [InlineData("soon")]
    [InlineData("31d")]
    [InlineData("99999999d")]
    public void What_no_timer_takes_is_bad_usage(string text) =>
        Assert.Equal(ExitCode.BadUsage, Assert.Throws<VerbFailedException>(() => Patience.Of(text)).ExitCode);
}
