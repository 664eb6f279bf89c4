using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class JournalHoldTests
{
    [Fact]
    public void What_does_not_run_says_that_the_journal_is_in_its_way_and_what_runs_says_nothing()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        var hold = JournalHold.Of(Host, "database or disk is full");
        Assert.Null(JournalHold.Show(agent.State, hold).Instances[Web].ShownHold);
        agent.Exit(Code(1));
        var shown = JournalHold.Show(agent.State, hold).Instances[Web].ShownHold!;
        Assert.Equal((HoldReason.JournalStuck, Web, Host), (shown.Reason, shown.Instance, shown.Host));
        Assert.Contains("disk is full", shown.Text, StringComparison.Ordinal);
    }
}
