using Zurg.Core;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Supervision;

public sealed class PhrasesTests
{
    [Theory]
    [InlineData(0.1, "100 ms")]
    [InlineData(1.25, "1.2 s")]
    [InlineData(30, "30 s")]
    [InlineData(600, "10 min")]
    [InlineData(7200, "2 h")]
    [InlineData(864000, "10 days")]
    public void Durations_are_said_as_people_say_them(double seconds, string words) =>
        Assert.Equal(words, Phrases.Of(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Ends_say_the_code_or_the_signal_by_name()
    {
        Assert.Equal("exit code 3", Phrases.Of(AgentWords.Code(3)));
        Assert.Equal("killed by SIGKILL", Phrases.Of(AgentWords.Killed(9)));
        Assert.Contains("the kernel's OOM killer struck on this host then",
            Phrases.Of(AgentWords.Killed(9) with { OutOfMemory = OomSign.Likely }), StringComparison.Ordinal);
        Assert.Equal("killed by the kernel's OOM killer: it went over its memory limit",
            Phrases.Of(AgentWords.Killed(9) with { OutOfMemory = OomSign.Certain }));
        Assert.Equal("killed by SIGSEGV (core dumped)", Phrases.Of(new ProcessExit(null, 11, true, null, null)));
        Assert.Equal("killed by signal 40", Phrases.Of(AgentWords.Killed(40)));
        var lost = new ProcessExit(null, null, false, null, null);
        Assert.Equal("ended, and its exit code was lost: its agent was not its parent", Phrases.Of(lost));
        lost = lost with { Unwatched = true };
        Assert.StartsWith("ended while no agent watched it", Phrases.Of(lost), StringComparison.Ordinal);
    }
}
