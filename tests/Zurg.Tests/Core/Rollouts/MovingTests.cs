using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>zurg drain HOST: everything on it is started elsewhere, confirmed, then stopped there.</summary>
public sealed class MovingTests
{
    private static readonly ServiceName Name = new("web");

    private static readonly ServiceSpec Web = Specs.Service("web", 3) with { Update = Specs.NoneAway };

    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Web).Settle();

    [Fact]
    public void A_host_is_emptied_without_one_missing_at_any_moment()
    {
        var world = Running.Empty("host1");
        for (var round = 0; round < 30; round++)
        {
            Assert.True(world.Naming.SetOf(Name).Endpoints.Length >= 3, $"round {round}");
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(Name).Endpoints.Length >= 3, $"round {round}, withdrawn");
            world = world.Run();
        }

        Assert.DoesNotContain("host1", world.Placed(), StringComparison.Ordinal);
        Assert.Equal(3, world.State.Placements.Values.Sum(h => h.Instances.Length));
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void What_moves_starts_elsewhere_once_it_has_ended_and_its_spare_serves_till_then()
    {
        var (host1, world) = (new HostId("host1"), Running.Empty("host1"));
        while (!world.State.Placements[host1].Instances.IsEmpty)
        {
            world = world.Run();
            world = world.Commit(world.Plan());
        }

        // It was told to stop, and ends what is under way in it; a master that comes anew knows no more than this.
        var stopping = world.State.Facts[host1];
        for (var round = 0; round < 5; round++)
        {
            world = world.Run().Put(StoreKeys.Facts(host1), stopping, WireJson.Default.HostFacts);
            var plan = world.Plan();
            Assert.Contains(plan.Holds, h => h is { Reason: HoldReason.WaitsForTurn }
                && h.Text == "web.0 starts on host3 once it has ended on host1: there are never two of it");
            world = world.Commit(plan);
            Assert.Equal("host2: web.1 web.3; host3: web.2", world.Placed());
            Assert.Equal(3, world.Naming.SetOf(Name).Endpoints.Length);
        }

        Assert.Equal("host2: web.1; host3: web.0 web.2", world.Run().Settle().Placed());
        Assert.Equal("host2: web.1; host3: web.0 web.2", world.Lose("host1").Settle().Placed());
    }

    [Fact]
    public void What_serves_elsewhere_gets_the_index_of_nobody_who_has_not_ended()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.PerHost("daemon", 1)).Settle().Empty("host1");
        world = world.Drain();
        world = world.Commit(world.Plan());
        Assert.Equal("host2: daemon.1", world.Placed());
        world = world.Join("host3@az3");
        Assert.Equal("host2: daemon.1; host3: daemon.2", world.Commit(world.Plan()).Placed());
    }

    [Fact]
    public void Nothing_new_comes_to_it_until_that_is_taken_back()
    {
        var world = Running.Empty("host1").Settle().Apply(Specs.Service("web", 9) with { Update = Specs.NoneAway }).Settle();
        Assert.DoesNotContain("host1", world.Placed(), StringComparison.Ordinal);

        var back = world.Empty("host1", drained: false).Apply(Specs.Service("web", 10) with { Update = Specs.NoneAway }).Settle();
        Assert.Contains("host1: web.9", back.Placed(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_instance_that_fits_nowhere_else_stays_and_says_so()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Empty("host1");

        Assert.Empty(world.Plan().Steps);
        var hold = world.Plan().Holds[0];
        Assert.Equal("web.0 can neither stay on host1 nor go elsewhere: host1 is being emptied by ann", hold.Text);
        Assert.Equal("add a host that fits, or let it stay: zurg undrain host1", hold.Mend);
    }

    [Fact]
    public void Services_that_are_told_their_hosts_leave_and_come_back()
    {
        var daemon = Specs.PerHost("daemon", 1);
        var world = World.Of("host1@az1", "host2@az2").Apply(daemon).Settle().Empty("host1").Settle();
        Assert.Equal("host2: daemon.1", world.Placed());
        Assert.True(world.Plan().IsConverged);

        Assert.Equal("host1: daemon.0; host2: daemon.1", world.Empty("host1", drained: false).Settle().Placed());
    }

    [Fact]
    public void A_rollout_and_two_drains_share_one_budget()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0") with { Update = Specs.NoneAway }).Empty("host1").Empty("host2");
        for (var round = 0; round < 80; round++)
        {
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(Name).Endpoints.Length >= 3, $"round {round}");
            world = world.Run().After(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("host3: web.0 web.1 web.2", world.Placed());
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void In_the_middle_of_a_paused_rollout_a_host_can_be_emptied_and_what_moves_stays_as_it_was()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0") with { Update = Specs.NoneAway }).Settle();
        world = world.Say("web", w => w with { Paused = true }).Empty("host2").Settle();

        Assert.DoesNotContain("host2", world.Placed(), StringComparison.Ordinal);
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
    }

    [Fact]
    public void What_cannot_leave_its_host_takes_nobody_elses_turn_and_is_changed_where_it_is()
    {
        var world = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Specs.Service("web", 3).Port(80)).Settle();

        world = world.Empty("host1").Apply(Specs.Service("web", 3, "2.0").Port(80)).Settle();

        Assert.Equal("web.0=2.0 web.1=2.0 web.2=2.0", world.Versions("web"));
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.Equal(
            "web.0 can neither stay on host1 nor go elsewhere: host1 is being emptied by ann",
            Assert.Single(world.Plan().Holds).Text);
    }

    [Fact]
    public void What_cannot_leave_a_host_that_lost_its_label_counts_as_no_action_that_nobody_asked_for()
    {
        var ssd = Specs.Service("web", 3).Port(80).Needs("disk", "ssd");
        var world = World.Of("host1@az1 disk=ssd", "host2@az2 disk=ssd", "host3@az3 disk=ssd").Apply(ssd).Settle();

        world = world.Relabel("host1");
        Assert.Null(world.Plan().Unasked);
        world = world.Apply(Specs.Service("web", 3, "2.0").Port(80).Needs("disk", "ssd")).Settle();

        Assert.Null(world.State.Unasked);
        Assert.Equal("web.0=1.0 web.1=2.0 web.2=2.0", world.Versions("web"));
        Assert.Single(world.Plan().Holds, h => h.Reason == HoldReason.NoHostFits);
    }

    [Fact]
    public void A_stand_in_is_not_taken_away_while_the_one_it_stands_in_for_fits_nowhere()
    {
        var world = World.Of("host1@az1", "host2@az2", "host3@az3")
            .Apply(Specs.Service("web", 1) with { Update = Specs.NoneAway }).Settle().Empty("host1");
        while (!world.State.Placements[new HostId("host1")].Instances.IsEmpty)
        {
            world = world.Run();
            world = world.Commit(world.Plan());
        }

        world = world.Low("host2", "no room").Low("host3", "no room").Run().Settle();
        Assert.Equal("host2: web.1", world.Placed());
        Assert.Single(world.Naming.SetOf(Name).Endpoints);
        Assert.Contains(world.Plan().Holds, h => h is { Reason: HoldReason.NoHostFits, Instance.Value: "web.0" });

        Assert.Equal("host3: web.0", world.Low("host3", "").Run().Settle().Placed());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void What_stands_in_on_the_only_room_makes_way_if_one_may_be_away(int maxUnavailable)
    {
        var update = Specs.NoneAway with { MaxUnavailable = maxUnavailable };
        var web = Specs.Service("web", 1).Memory(3L << 30) with { Update = update };
        var world = World.Of("host1@az1").Join("host2@az2", 4L << 30).Join("host3@az3", 4L << 30).Apply(web).Settle()
            .Empty("host1").Run();
        while (!world.State.Placements[new HostId("host1")].Instances.IsEmpty)
        {
            world = world.Run();
            world = world.Commit(world.Plan());
        }

        world = world.Low("host3", "no room").Settle();
        Assert.Equal(maxUnavailable == 0 ? "host2: web.1" : "host2: web.0", world.Placed());
        Assert.Single(world.Naming.SetOf(Name).Endpoints);
    }

    [Fact]
    public void What_fits_nowhere_counts_as_away_when_others_are_changed()
    {
        var web = Specs.Service("web", 3).Port(80);
        var world = World.Of("host1@az1", "host2@az2").Apply(web).Settle()
            .Apply(Specs.Service("web", 3, "2.0").Port(80)).Settle();

        Assert.Equal(2, world.Naming.SetOf(Name).Endpoints.Length);
        Assert.Equal("web.0=1.0 web.1=1.0", world.Versions("web"));
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text == "2 of web's instances wait for their turn until all that are wanted have a place: "
                + "1 may be away at once");
        Assert.Equal("web.0=2.0 web.1=2.0 web.2=2.0", world.Join("host3@az3").Settle().Versions("web"));
    }
}
