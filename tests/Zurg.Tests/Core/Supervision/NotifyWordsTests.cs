using Zurg.Core;

namespace Zurg.Tests.Core.Supervision;

public sealed class NotifyWordsTests
{
    [Fact]
    public void A_message_is_lines_of_names_and_values_and_the_last_of_a_name_counts()
    {
        var words = NotifyWords.Parse(
            "READY=1\nSTATUS=a=b\nSTATUS=at work\nWATCHDOG=1\nMAINPID=42\nWATCHDOG_USEC=1500000\n"
            + "EXTEND_TIMEOUT_USEC=20\nX_OTHER=1\n");
        Assert.Equal(
            new NotifyWords
            {
                Ready = true, Status = "at work", Alive = true, MainPid = 42, Timeout = TimeSpan.FromSeconds(1.5),
                Extend = TimeSpan.FromMicroseconds(20),
            },
            words);
        Assert.Equal(new NotifyWords { Stopping = true, GivesUp = true }, NotifyWords.Parse("STOPPING=1\nWATCHDOG=trigger"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("READY=0")]
    [InlineData("READY")]
    [InlineData("WATCHDOG=yes")]
    [InlineData("WATCHDOG_USEC=-1")]
    [InlineData("WATCHDOG_USEC=99999999999999999999")]
    [InlineData("EXTEND_TIMEOUT_USEC=9223372036854775807")]
    [InlineData("MAINPID=none")]
    public void What_says_nothing_known_is_left_aside(string message) =>
        Assert.Equal(new NotifyWords(), NotifyWords.Parse(message));
}
