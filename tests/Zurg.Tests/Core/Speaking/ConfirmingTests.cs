using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core.Speaking;

public sealed class ConfirmingTests
{
    private static readonly DateTimeOffset Noon = World.Noon;

    /// <summary>The revision of the newest set of web, with web.0 on its way out.</summary>
    private static long Newest => Drain(Running).Naming.SetOf(Web).Revision.Value;

    [Fact]
    public void Nothing_is_written_while_nobody_waits()
    {
        var state = Step(Following(Running), Confirmed(Host1, Newest)).State;

        Assert.Empty(Step(state, new SpeakerInput.Tick()).Confirmed);
    }

    [Fact]
    public void While_somebody_waits_the_lowest_of_all_hosts_that_follow_is_written_and_removed_after_it()
    {
        var draining = Drain(Running);
        var state = Step(Following(Running, Host1, Host2), Changed(draining)).State;
        state = Step(state, Confirmed(Host1, Newest)).State;

        var one = Assert.Single(Step(state, new SpeakerInput.Tick()).Confirmed);
        Assert.Equal((Web, 0L), (one.Service, one.Lowest.Value));
        Assert.Equal(new LateHost(Host2, default), Assert.Single(one.Late));

        state = Step(Step(state, new SpeakerInput.Tick()).State, Confirmed(Host2, Newest)).State;
        var both = Step(state, new SpeakerInput.Tick());
        Assert.Equal(Newest, Assert.Single(both.Confirmed).Lowest.Value);
        Assert.Empty(both.Confirmed[0].Late);
        Assert.Empty(Step(both.State, new SpeakerInput.Tick()).Confirmed);

        var over = Step(Step(both.State, Changed(Drain(draining, since: null))).State, new SpeakerInput.Tick());
        Assert.Equal(Web, Assert.Single(over.NotWaitedFor));
        Assert.Empty(over.Confirmed);
        Assert.Empty(Step(over.State, new SpeakerInput.Tick()).NotWaitedFor);
    }

    [Fact]
    public void A_service_that_nobody_follows_is_confirmed_at_its_newest_set_and_written_once()
    {
        var draining = Drain(Running);
        var state = Step(Hearing(Running), Changed(draining)).State;

        var commit = Step(state, new SpeakerInput.Tick());
        Assert.Equal(draining.Naming.SetOf(Web).Revision, Assert.Single(commit.Confirmed).Lowest);

        // What it wrote is a new revision of the store: it must not write again for that.
        var seen = draining.Put(StoreKeys.Confirmed(Web), commit.Confirmed[0], WireJson.Default.ServiceConfirmation);
        Assert.Empty(Step(Step(commit.State, Changed(seen)).State, new SpeakerInput.Tick()).Confirmed);
    }

    [Fact]
    public void A_word_from_beyond_the_store_s_newest_revision_counts_for_nothing()
    {
        var draining = Drain(Running);
        var state = Step(Following(Running), Changed(draining)).State;
        var beyond = draining.State.Revision.Next;
        state = Step(state, Confirmed(Host1, beyond.Value)).State;
        Assert.Null(FollowersOf(state)[0].Confirmed);
        Assert.Equal(0, Assert.Single(Step(state, new SpeakerInput.Tick()).Confirmed).Lowest.Value);
    }

    [Fact]
    public void A_host_that_connects_anew_has_said_nothing_until_it_says_it_again()
    {
        var state = Step(Following(Running), Changed(Drain(Running))).State;
        state = Step(Step(state, Confirmed(Host1, Newest)).State, new SpeakerInput.Tick()).State;
        state = Step(state, new SpeakerInput.Disconnected(Host1)).State;

        // The cut alone takes nothing back: whoever uses the revision goes on using it.
        Assert.Empty(Step(state, new SpeakerInput.Tick()).Confirmed);
        Assert.Equal(Newest, FollowersOf(state)[0].Confirmed!.Value.Value);

        state = Step(state, new SpeakerInput.Connected(Host1, Describe())).State;
        Assert.Equal(0, Assert.Single(Step(state, new SpeakerInput.Tick()).Confirmed).Lowest.Value);
        Assert.Null(FollowersOf(state)[0].Confirmed);
    }

    [Fact]
    public void A_new_speaker_takes_nothing_for_confirmed_and_clears_what_nobody_waits_for()
    {
        var written = new ServiceConfirmation { Service = Web, Lowest = new Revision(Newest) };
        var facts = Step(Reported(), Subscribed(Host1, "web")).Facts[0];
        var world = Running.Put(StoreKeys.Facts(Host1), facts, WireJson.Default.HostFacts)
            .Put(StoreKeys.Confirmed(Web), written, WireJson.Default.ServiceConfirmation);

        var waiting = Step(Hearing(Drain(world)), new SpeakerInput.Tick());
        Assert.Equal(0, Assert.Single(waiting.Confirmed).Lowest.Value);

        Assert.Equal(Web, Assert.Single(Step(Hearing(world), new SpeakerInput.Tick()).NotWaitedFor));
    }

    [Fact]
    public void Who_leaves_is_waited_for_no_more_and_who_comes_is()
    {
        var state = Step(Following(Running, Host1, Host2), Changed(Drain(Running))).State;
        state = Step(Step(state, Confirmed(Host1, Newest)).State, new SpeakerInput.Tick()).State;

        var left = Step(Step(state, Subscribed(Host2)).State, new SpeakerInput.Tick());
        Assert.Equal(Newest, Assert.Single(left.Confirmed).Lowest.Value);

        var back = Step(Step(left.State, Subscribed(Host2, "web")).State, new SpeakerInput.Tick());
        Assert.Equal(0, Assert.Single(back.Confirmed).Lowest.Value);
    }

    [Fact]
    public void Who_is_late_is_named_and_written_once_a_second_at_most()
    {
        var late = new LateSubscriber("web.0 (process 17)", new Revision(1), Noon);
        var state = Step(Following(Running, Host1, Host2), Changed(Drain(Running))).State;
        var first = Step(Step(state, Confirmed(Host1, 1, late)).State, new SpeakerInput.Tick());
        Assert.Equal(
            [new LateHost(Host2, default), new LateHost(Host1, new Revision(1), "web.0 (process 17)")],
            Assert.Single(first.Confirmed).Late.AsEnumerable());

        state = Step(first.State, Confirmed(Host1, Newest)).State;
        Assert.Empty(Step(state, new SpeakerInput.Tick(), Noon + TimeSpan.FromSeconds(0.9)).Confirmed);
        var later = Step(state, new SpeakerInput.Tick(), Noon + TimeSpan.FromSeconds(1));
        Assert.Equal(new LateHost(Host2, default), Assert.Single(Assert.Single(later.Confirmed).Late));
    }

    [Fact]
    public void Many_late_hosts_and_long_names_are_cut()
    {
        var world = Enumerable.Range(10, 30).Aggregate(Running, (w, i) => w.Join($"host{i}@az1"));
        var state = Hearing(world);
        foreach (var host in world.State.Facts.Keys)
        {
            state = Step(state, new SpeakerInput.Connected(host, Describe())).State;
            state = Step(state, Subscribed(host, "web")).State;
            state = Step(state, Confirmed(host, 1, new LateSubscriber(new string('x', 5000), new Revision(1), Noon))).State;
        }

        var commit = Step(Step(state, Changed(Drain(world))).State, new SpeakerInput.Tick());

        Assert.Equal(ConfirmedRevision.LateMax, Assert.Single(commit.Confirmed).Late.Length);
        Assert.All(commit.Confirmed[0].Late, l => Assert.Equal(Confirming.NameCharsMax, l.Subscriber!.Length));
    }

    [Fact]
    public void A_word_before_any_hello_is_nobodys() =>
        Assert.Empty(Step(SpeakerState.Empty, Confirmed(Host1, 5)).State.Hosts);

    private static SpeakerState Following(World world, params HostId[] hosts)
    {
        var state = Hearing(world);
        foreach (var host in hosts.Length > 0 ? hosts : [Host1])
        {
            state = Step(state, new SpeakerInput.Connected(host, Describe())).State;
            state = Step(state, Subscribed(host, "web")).State;
        }

        return state;
    }

    private static System.Collections.Immutable.ImmutableArray<ServiceFollower> FollowersOf(SpeakerState state) =>
        Confirming.FollowersOf(state, Web);

    /// <summary>web.0 is to be stopped, as its decider marks it.</summary>
    private static World Drain(World world) => Drain(world, Noon);

    private static World Drain(World world, DateTimeOffset? since)
    {
        var placed = world.State.Placements[Host1];
        var first = placed.Instances[0] with { DrainingSince = since };
        return world.Put(
            StoreKeys.Placements(Host1), placed with { Instances = placed.Instances.SetItem(0, first) },
            WireJson.Default.HostPlacements);
    }
}
