using Zurg.Core;

namespace Zurg.Tests.Core.Supervision;

public sealed class WatchdogTests
{
    /// <summary>Words at seconds, then the second of the judgement; a timeout of 30 s.</summary>
    [Theory]
    [InlineData("", 29.9, null)]
    [InlineData("", 30, "it has not said WATCHDOG=1 for 30 s")]
    [InlineData("20 WATCHDOG=1", 49, null)]
    [InlineData("20 WATCHDOG=1", 50, "it has not said WATCHDOG=1 for 30 s")]
    [InlineData("20 STATUS=at work", 30, "it has not said WATCHDOG=1 for 30 s")]
    [InlineData("1 WATCHDOG=trigger", 1, "it says so itself (WATCHDOG=trigger)")]
    [InlineData("1 WATCHDOG_USEC=5000000", 5.9, null)]
    [InlineData("1 WATCHDOG_USEC=5000000", 6, "it has not said WATCHDOG=1 for 5 s")]
    [InlineData("1 WATCHDOG_USEC=5000000|4 WATCHDOG=1", 8.9, null)]
    [InlineData("1 WATCHDOG_USEC=0", 1e6, null)]
    [InlineData("1 WATCHDOG_USEC=0|2 WATCHDOG=1", 1e6, null)]
    [InlineData("1 WATCHDOG_USEC=0|100 WATCHDOG_USEC=2000000", 102, "it has not said WATCHDOG=1 for 2 s")]
    [InlineData("10 EXTEND_TIMEOUT_USEC=60000000", 69, null)]
    [InlineData("10 EXTEND_TIMEOUT_USEC=60000000", 70, "it has not said WATCHDOG=1 for 30 s")]
    [InlineData("10 EXTEND_TIMEOUT_USEC=1", 29, null)]
    [InlineData("10 STOPPING=1", 1e6, null)]
    public void A_process_that_says_nothing_for_too_long_is_half_dead(string said, double at, string? verdict)
    {
        var watchdog = Watchdog.Begin(Seconds(30), TimeSpan.Zero);
        foreach (var word in said.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = word.Split(' ', 2);
            var when = double.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture);
            watchdog = watchdog.Hear(NotifyWords.Parse(parts[1]), Seconds(when));
        }

        Assert.Equal(verdict, watchdog.Verdict(Seconds(at)));
    }

    [Fact]
    public void A_silence_while_the_agent_slept_does_not_count_and_half_the_time_is_given_anew()
    {
        var watchdog = Watchdog.Begin(Seconds(30), TimeSpan.Zero);
        Assert.NotNull(watchdog.Wake(Seconds(30), Seconds(30.5)).Verdict(Seconds(30.5)));
        var slept = watchdog.Wake(Seconds(30), Seconds(300));
        Assert.Null(slept.Verdict(Seconds(314)));
        Assert.NotNull(slept.Wake(Seconds(315), Seconds(315)).Verdict(Seconds(315)));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
