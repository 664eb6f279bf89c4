using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core.Speaking;

public sealed class LossesTests
{
    private static readonly DateTimeOffset Later = World.Noon.AddSeconds(2);

    /// <summary>host1 has run web.0 and fallen silent; its consumers follow web.</summary>
    private static (SpeakerState State, World World) Silence()
    {
        var world = Running.Follow("host1", "web").Silence("host1");
        return (Hearing(world), world);
    }

    /// <summary>By ann, of the silence that began at Noon.</summary>
    private static World Say(World world, DateTimeOffset? since = null) => world.Put(
        StoreKeys.HostIntent(Host1), new HostIntent
        {
            Host = Host1, Drained = false, At = World.Noon, By = "ann",
            Lost = new LostIntent(since ?? World.Noon, World.Noon, "ann", "burnt"),
        }, WireJson.Default.HostIntent);

    private static SpeakerCommit Tick(SpeakerState state, World world, DateTimeOffset? now = null)
    {
        var changed = Step(state, Changed(world), now);
        return changed.Then(Step(changed.State, new SpeakerInput.Tick(), now));
    }

    private static World Fold(World world, SpeakerCommit commit) => commit.Facts.Aggregate(
        world, (w, f) => w.Put(StoreKeys.Facts(f.Host), f, WireJson.Default.HostFacts));

    private static HostReport ReportOf(World world) => Report(1) with
    {
        Instances = world.State.Facts[Host1].Instances,
    };

    /// <summary>web.0 of host1 was replaced on host2 while host1 was lost.</summary>
    private static (SpeakerState State, World World, World Before) Replaced()
    {
        var (state, before) = Silence();
        var lost = Tick(state, Say(before), Later);
        var world = Fold(Say(before), lost).Settle();
        Assert.Equal("host2: web.0 web.1", world.Placed());
        return (Step(lost.State, Changed(world), Later).State, world, before);
    }

    private static (SpeakerCommit Commit, World World) Return(SpeakerState state, World world, World before)
    {
        var hello = Step(state, new SpeakerInput.Connected(Host1, Describe()), Later);
        Assert.Empty(hello.Assignments);
        var heard = Step(hello.State, new SpeakerInput.Reported(Host1, ReportOf(before)), Later);
        return (heard, Fold(world, heard));
    }

    [Fact]
    public void A_word_makes_a_silent_host_lost_with_nothing_on_it_and_an_event()
    {
        var (state, world) = Silence();
        var commit = Tick(state, Say(world), Later);

        var facts = Assert.Single(commit.Facts);
        Assert.Equal((HostSession.Lost, Later), (facts.Session, facts.SessionSince));
        Assert.Empty(facts.Instances);
        Assert.Equal([Web], facts.Follows.AsEnumerable());
        var told = Assert.Single(commit.Events);
        Assert.Equal(EventKind.HostLost, told.Kind);
        Assert.Equal("host1 is lost, by word of ann: burnt; its consumers of web are not waited for", told.Text);
        Assert.Empty(Tick(commit.State, Fold(Say(world), commit), Later).Facts);
    }

    [Fact]
    public void A_word_on_another_silence_or_on_a_host_that_is_heard_says_nothing()
    {
        var (state, world) = Silence();
        Assert.Empty(Tick(state, Say(world, World.Noon.AddSeconds(-1))).Facts);

        var heard = Hearing(Running);
        Assert.Empty(Tick(heard, Say(Running)).Facts);
    }

    /// <summary>It was said while no speaker was there.</summary>
    [Fact]
    public void A_new_speaker_takes_the_word_that_it_finds()
    {
        var (_, world) = Silence();
        Assert.Equal(HostSession.Lost, Assert.Single(Tick(Hearing(Say(world)), Say(world)).Facts).Session);
    }

    [Fact]
    public void Its_consumers_are_not_waited_for_until_it_is_heard_again()
    {
        var (state, world) = Silence();
        world = Say(world);
        var lost = Tick(state, world, Later);
        Assert.True(Confirming.IsUsedByNobodyOld(lost.State, Web));
        Assert.Equal(HostSession.Lost, Assert.Single(Confirming.FollowersOf(lost.State, Web)).Session);

        Assert.False(Confirming.IsUsedByNobodyOld(Return(lost.State, Fold(world, lost), world).Commit.State, Web));
    }

    [Fact]
    public void One_that_is_back_is_told_what_to_run_once_nobody_uses_what_it_gives_up()
    {
        var (state, world, before) = Replaced();
        var (heard, returned) = Return(state, world, before);
        Assert.Equal(HostSession.Connected, heard.Facts[0].Session);
        Assert.Equal(Later, heard.Facts[0].ReturnedAt);
        Assert.Equal(EventKind.HostReturned, Assert.Single(heard.Events).Kind);
        Assert.DoesNotContain(returned.Naming.SetOf(Web).Endpoints, e => e.Host == Host1);

        var waiting = Tick(heard.State, returned, Later);
        Assert.Empty(waiting.Assignments);

        var newest = returned.Naming.SetOf(Web).Revision.Value;
        var old = Step(waiting.State, Confirmed(Host1, newest - 1), Later);
        Assert.Empty(Tick(old.State, returned, Later).Assignments);

        var used = Tick(Step(old.State, Confirmed(Host1, newest), Later).State, returned, Later);
        Assert.Empty(Assert.Single(used.Assignments).Instances);
        Assert.Null(Assert.Single(used.Facts).ReturnedAt);
        Assert.Empty(Tick(used.State, Fold(returned, used), Later).Assignments);
    }

    /// <summary>Its agent lost its journal, and finds what runs there when it is told.</summary>
    [Fact]
    public void One_that_comes_back_and_knows_of_nothing_is_held_back_for_what_it_ran()
    {
        var (state, world, _) = Replaced();
        state = Step(state, new SpeakerInput.Connected(Host1, Describe()), Later).State;
        var heard = Step(state, new SpeakerInput.Reported(Host1, Report(1)), Later);
        var returned = Fold(world, heard);
        Assert.Equal(["web.0"], heard.Facts[0].RanWhenLost.Select(i => i.Value));
        Assert.Empty(Tick(heard.State, returned, Later).Assignments);

        var used = Step(heard.State, Confirmed(Host1, returned.Naming.SetOf(Web).Revision.Value), Later);
        Assert.Empty(Assert.Single(Tick(used.State, returned, Later).Facts).RanWhenLost);
    }

    /// <summary>A placement that was taken from it may be on its way to this speaker.</summary>
    [Fact]
    public void It_is_not_told_before_its_return_is_known_here()
    {
        var (state, world, before) = Replaced();
        var (heard, returned) = Return(state, world, before);
        var used = Step(heard.State, Confirmed(Host1, returned.Naming.SetOf(Web).Revision.Value), Later);

        Assert.Empty(Tick(used.State, world, Later).Assignments);
        Assert.Single(Tick(used.State, returned, Later).Assignments);
    }

    [Fact]
    public void When_a_consumer_never_confirms_it_is_told_after_the_limit_of_a_drain_also_by_a_new_speaker()
    {
        var (state, world, before) = Replaced();
        var (heard, returned) = Return(state, world, before);
        Assert.Empty(Tick(HeardAt(heard.State, 29.9), returned, Later.AddSeconds(29.9)).Assignments);
        Assert.Single(Tick(HeardAt(heard.State, 30), returned, Later.AddSeconds(30)).Assignments);

        var next = Step(Hearing(returned), new SpeakerInput.Connected(Host1, Describe()), Later);
        Assert.Empty(next.Assignments);
        Assert.Empty(Tick(HeardAt(next.State, 29.9), returned, Later.AddSeconds(29.9)).Assignments);
        Assert.Single(Tick(HeardAt(next.State, 30), returned, Later.AddSeconds(30)).Assignments);

        SpeakerState HeardAt(SpeakerState known, double seconds) =>
            Step(known, new SpeakerInput.Reported(Host1, ReportOf(before)), Later.AddSeconds(seconds)).State;
    }

    [Fact]
    public void What_kept_its_place_goes_on_and_is_told_at_once()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Follow("host1", "web").Silence("host1");
        var lost = Tick(Hearing(world), Say(world), Later);
        var (heard, returned) = Return(lost.State, Fold(Say(world), lost), world);

        Assert.Equal(["web.0"], returned.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        Assert.Equal(
            "web.0", Assert.Single(Assert.Single(Tick(heard.State, returned, Later).Assignments).Instances).Instance.Value);
    }

    [Fact]
    public void The_word_is_over_with_the_silence_that_it_spoke_of()
    {
        var (state, world, before) = Replaced();
        var (heard, returned) = Return(state, world, before);
        var again = Tick(heard.State, returned, Later + SpeakerMachine.SilentAfter);

        Assert.Equal(HostSession.Silent, again.Facts.Single(f => f.Host == Host1).Session);
        Assert.DoesNotContain(again.Events, e => e.Kind == EventKind.HostLost);
    }

    /// <summary>
    /// Placed there again, by an older decider, it is not what it was: its process is to end, and may be used yet. An agent that
    /// has lost its journal says nothing of it before it is told.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_that_is_back_before_what_it_gave_up_found_another_place_is_told_to_end_it_only_once_nobody_uses_it(
        bool knows)
    {
        var (state, before) = Silence();
        var lost = Tick(state, Say(before), Later);
        var world = Fold(Say(before), lost);
        world = world.Commit(world.Plan());
        Assert.Equal("host2: web.1", world.Placed());

        var hello = Step(
            Step(lost.State, Changed(world), Later).State,
            new SpeakerInput.Connected(Host1, Describe()), Later);
        var report = knows ? ReportOf(before) : ReportOf(before) with { Instances = [] };
        var heard = Step(hello.State, new SpeakerInput.Reported(Host1, report), Later);
        var ends = knows ? new Incarnation(1) : (Incarnation?)null;
        var again = before.State.Placements[Host1];
        var returned = Fold(world, heard).Put(
            StoreKeys.Placements(Host1),
            again with { Instances = [again.Instances.Single() with { Ends = ends }] },
            WireJson.Default.HostPlacements);
        var waiting = Tick(heard.State, returned, Later);
        Assert.Empty(waiting.Assignments);

        var newest = returned.Naming.SetOf(Web).Revision.Value;
        var used = Tick(Step(waiting.State, Confirmed(Host1, newest), Later).State, returned, Later);
        Assert.Equal(ends, Assert.Single(Assert.Single(used.Assignments).Instances).Ends);
    }
}
