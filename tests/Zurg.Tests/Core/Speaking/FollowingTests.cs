using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core.Speaking;

public sealed class FollowingTests
{
    [Fact]
    public void What_a_host_follows_is_written_before_it_may_be_told()
    {
        var first = Step(Reported(), Subscribed(Host1, "web", "db"));

        var facts = Assert.Single(first.Facts);
        Assert.Equal(["db", "web"], facts.Follows.Select(s => s.Value));
        Assert.Equal(["db", "web"], Assert.Single(first.Follows).Services.Select(s => s.Value));

        // The same again writes nothing, and is answered: a session that asks anew was told nothing yet.
        var again = Step(first.State, Subscribed(Host1, "db", "web"));
        Assert.Empty(again.Facts);
        Assert.Single(again.Follows);

        // Who left is forgotten by the facts too.
        var fewer = Step(again.State, Subscribed(Host1, "web"));
        Assert.Equal(Web, Assert.Single(Assert.Single(fewer.Facts).Follows));
        Assert.Empty(Step(fewer.State, new SpeakerInput.Reported(Host1, Report(2))).Follows);
    }

    [Fact]
    public void Before_its_first_report_a_host_is_owed_the_sets_and_gets_them_with_it()
    {
        var stranger = new HostId("host9");
        var state = Step(Hearing(Running), new SpeakerInput.Connected(stranger, Describe())).State;

        var asked = Step(state, Subscribed(stranger, "web"));
        Assert.Empty(asked.Facts);
        Assert.Empty(asked.Follows);

        var told = Step(asked.State, new SpeakerInput.Reported(stranger, Report(1)));
        Assert.Equal(Web, Assert.Single(Assert.Single(told.Facts).Follows));
        Assert.Equal(stranger, Assert.Single(told.Follows).Host);
        Assert.Empty(Step(told.State, new SpeakerInput.Reported(stranger, Report(2))).Follows);
    }

    [Fact]
    public void What_is_owed_to_one_session_is_not_told_to_the_next()
    {
        var stranger = new HostId("host9");
        var state = Step(Hearing(Running), new SpeakerInput.Connected(stranger, Describe())).State;
        state = Step(state, Subscribed(stranger, "web")).State;
        state = Step(state, new SpeakerInput.Connected(stranger, Describe())).State;

        Assert.Empty(Step(state, new SpeakerInput.Reported(stranger, Report(1))).Follows);
    }

    [Fact]
    public void The_next_speaker_knows_who_follows_what_although_nobody_has_said_it_again()
    {
        var facts = Step(Reported(), Subscribed(Host1, "web")).Facts[0];
        var next = Hearing(Running.Put(StoreKeys.Facts(Host1), facts, WireJson.Default.HostFacts));
        next = Step(next, new SpeakerInput.Connected(Host1, Describe())).State;

        Assert.Equal(Web, Assert.Single(next.Hosts[Host1].Follows));
        var report = new SpeakerInput.Reported(Host1, Report(2) with { Applied = new Generation(6) });
        Assert.Equal(Web, Assert.Single(Assert.Single(Step(next, report).Facts).Follows));
    }

    [Fact]
    public void A_subscription_before_any_hello_is_nobodys()
    {
        var commit = Step(SpeakerState.Empty, Subscribed(Host1, "web"));

        Assert.Empty(commit.Follows);
        Assert.Empty(commit.State.Hosts);
    }
}
