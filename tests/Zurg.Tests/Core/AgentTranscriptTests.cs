using Zurg.Tests.Support;

namespace Zurg.Tests.Core;

public sealed class AgentTranscriptTests
{
    [Theory]
    [InlineData("agent-life")]
    [InlineData("agent-crashes")]
    [InlineData("agent-adoption")]
    [InlineData("agent-watchdog")]
    [InlineData("agent-stop")]
    public void What_an_agent_decides_is_what_was_recorded(string name) => Transcript.Check(name, new AgentScript().Run);
}
