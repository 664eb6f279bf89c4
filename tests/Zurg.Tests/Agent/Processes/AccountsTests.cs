using Zurg.Agent.Processes;

namespace Zurg.Tests.Agent.Processes;

public sealed class AccountsTests
{
    [RootFact]
    public void A_name_is_looked_up_once_and_then_known()
    {
        var who = new RunAs("daemon", null, "mail,games");
        Assert.False(Accounts.IsKnown(who with { Groups = "mail" }));
        var credentials = Accounts.Find(who).Credentials!;
        Assert.True(Accounts.IsKnown(who));
        Assert.Equal(["--reuid=1", "--regid=1", "--groups=1,8,60"], credentials.Arguments.AsEnumerable());
        Assert.Equal(("/usr/sbin", "daemon"), (credentials.Home, credentials.Name));
    }

    [Fact]
    public void The_agents_own_user_needs_nothing()
    {
        var own = Accounts.Find(new RunAs(null, null, null)).Credentials!;
        Assert.Empty(own.Arguments);
        Assert.Equal(Environment.UserName, own.Name);
    }

    [Fact]
    public void What_does_not_exist_is_a_hold_that_is_asked_again()
    {
        var who = new RunAs("no-such-user", null, null);
        Assert.Contains("the user 'no-such-user' does not exist", Accounts.Find(who).Hold!.Text, StringComparison.Ordinal);
        Assert.False(Accounts.IsKnown(who));
    }
}
