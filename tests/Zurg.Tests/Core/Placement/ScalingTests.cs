using System.Text.Json;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class ScalingTests
{
    private static World Three => World.Of("host1@az1", "host2@az2", "host3@az3");

    [Fact]
    public void Instances_spread_over_cells_before_hosts()
    {
        var world = World.Of("a1@az1", "a2@az1", "a3@az1", "b1@az2").Apply(Specs.Service("web", 4)).Settle();

        Assert.Equal("a1: web.0; a2: web.2; b1: web.1 web.3", world.Placed());
    }

    [Fact]
    public void A_cluster_without_hosts_says_how_to_add_one()
    {
        var hold = Assert.Single(new World().Apply(Specs.Service("web", 1)).Plan().Holds);

        Assert.Equal(HoldReason.NoHostFits, hold.Reason);
        Assert.Contains("no host has joined", hold.Text, StringComparison.Ordinal);
        Assert.Contains("zurg agent", hold.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void Constraints_are_met_and_what_does_not_fit_says_which_label_is_missing_where()
    {
        var world = World.Of("host1@az1 disk=ssd", "host2@az2 disk=hdd", "host3@az3")
            .Apply(Specs.Service("db", 1).Needs("disk", "ssd", "nvme"), Specs.Service("gpu", 1).Needs("gpu", "yes")).Settle();

        Assert.Equal("host1: db.0", world.Placed());
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal("gpu.0 fits on 0 of 3 hosts: no label gpu=yes (host1, host2, host3)", hold.Text);
    }

    [Fact]
    public void A_fixed_port_goes_once_on_a_host_and_the_hold_names_who_has_it()
    {
        var world = Three.Apply(Specs.Service("a", 3).Port(8080), Specs.Service("b", 1).Port(8080)).Settle();

        Assert.Equal("host1: a.0; host2: a.1; host3: a.2", world.Placed());
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Contains("port 8080 is taken by a.0 (host1)", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_promised_once()
    {
        var world = new World().Join("host1@az1", memory: 1L << 30).Apply(Specs.Service("big", 3).Memory(400L << 20)).Settle();

        Assert.Equal("host1: big.0 big.1", world.Placed());
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Contains("224 MiB of memory not yet promised, 400 MiB needed", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_has_room_for_500_instances_and_the_store_for_what_is_said_of_them()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 10_000));
        var plan = world.Plan();

        var placements = Assert.Single(plan.Placements);
        Assert.Equal(500, placements.Instances.Length);
        Assert.True(JsonSerializer.SerializeToUtf8Bytes(placements, WireJson.Default.HostPlacements).Length < 500_000);
        Assert.Contains("500 instances already", plan.Holds[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Fewer_instances_take_the_highest_indexes_away_and_touch_no_other()
    {
        var before = Three.Apply(Specs.Service("web", 3)).Settle();
        var plan = before.Apply(Specs.Service("web", 1)).Drain().Plan();

        Assert.Equal(["web.2", "web.1"], plan.Steps.Select(s => s.Instance.Value));
        Assert.All(plan.Steps, s => Assert.Contains("1 in all are wanted", s.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void One_per_host_follows_the_hosts_that_join_and_leaves_those_without_the_label_alone()
    {
        var world = World.Of("host1@az1 web=yes", "host2@az2").Apply(Specs.PerHost("web", 2).Needs("web", "yes")).Settle();
        Assert.Equal("host1: web.0 web.1", world.Placed());

        world = world.Join("host3@az3 web=yes").Settle();
        Assert.Equal("host1: web.0 web.1; host3: web.2 web.3", world.Placed());
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void A_pinned_host_that_has_not_joined_is_named()
    {
        var world = Three.Apply(Specs.Pinned("web", "host1", "host9")).Settle();

        Assert.Equal("host1: web.0", world.Placed());
        Assert.Equal("web cannot be placed on host9: it has not joined the cluster", Assert.Single(world.Plan().Holds).Text);
    }

    [Fact]
    public void A_move_to_another_host_starts_there_first()
    {
        var world = Three.Apply(Specs.Pinned("web", "host1")).Settle();

        var moving = world.Apply(Specs.Pinned("web", "host2"));
        moving = moving.Commit(moving.Plan()).Run(butNotReady: "web.1");
        Assert.Equal("host1: web.0; host2: web.1", moving.Placed());
        Assert.Contains(moving.Plan().Holds, h => h.Text == "web.0 leaves host1 once web.1 on host2 is ready");

        moving = moving.Run().Settle();
        Assert.Equal("host2: web.1", moving.Placed());
    }

    [Fact]
    public void A_first_instance_waits_for_what_its_service_depends_on()
    {
        var specs = new[] { Specs.Service("db", 1), Specs.Service("web", 1).After("db") };
        var world = Three.Apply(specs).Settle(butNotReady: "db.0");
        Assert.Equal("host1: db.0", world.Placed());
        Assert.Contains(
            world.Plan().Holds,
            h => h.Reason == HoldReason.WaitsForDependency && h.Text.Contains("waits for db", StringComparison.Ordinal));

        world = world.Run().Settle();
        Assert.Equal("host1: db.0; host2: web.0", world.Placed());

        // Once it runs, a dependency that fails takes nothing away from it.
        world = world.Run("db.0");
        Assert.Empty(world.Plan().Steps);
    }

    [Fact]
    public void A_silent_host_keeps_what_it_has_and_gets_nothing_new()
    {
        var world = Three.Apply(Specs.Service("web", 3)).Settle().Silence("host2").Apply(Specs.Service("web", 5)).Settle();

        Assert.Equal("host1: web.0 web.3; host2: web.1; host3: web.2 web.4", world.Placed());
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal(HoldReason.HostSilent, hold.Reason);
        Assert.Equal("host2 has been silent since 12:00:00 UTC: web.1 may still run there", hold.Text);
    }

    [Fact]
    public void A_host_that_is_low_keeps_what_it_has_gets_nothing_new_and_says_why()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();
        world = world.Low("host1", "low on disk on /: 1 GiB").Low("host2", "low on disk on /: 2 GiB");
        world = world.Apply(Specs.Service("web", 3), Specs.PerHost("each", 1)).Settle();

        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
        var holds = world.Plan().Holds;
        Assert.Contains(holds, h =>
            h.Text == "web.2 fits on 0 of 2 hosts: low on disk on /: 1 GiB (host1); low on disk on /: 2 GiB (host2)");
        Assert.Contains(holds, h => h.Text == "each cannot be placed on host1: low on disk on /: 1 GiB");
        Assert.All(holds, h => Assert.Contains("zurg hosts HOST", h.Mend, StringComparison.Ordinal));

        world = world.Low("host2", "").Settle();
        Assert.Equal("host1: web.0; host2: each.0 web.1 web.2", world.Placed());
    }

    [Fact]
    public void An_instance_on_a_low_host_takes_a_new_release_in_its_place()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Low("host1", "low on disk on /: 1 GiB");

        world = world.Apply(Specs.Service("web", 1, "2.0")).Settle();

        var placement = world.State.Placements.Values.Single().Instances.Single();
        Assert.Equal("2.0", world.State.InstanceSpecs[placement.Spec].Release.Version.Value);
        Assert.Empty(world.Plan().Holds);
    }

    [Theory]
    [InlineData("host3", "")]
    [InlineData("", "daemon.3")]
    public void A_drained_host_waits_for_no_other_host_since_none_takes_what_was_told_its_host(string silent, string broken)
    {
        var world = World.Of("host1@az1", "host2@az2", "host3@az3", "host4@az4").Apply(Specs.PerHost("daemon", 1)).Settle();
        world = silent.Length > 0 ? world.Silence(silent) : world.Run(butNotReady: broken);

        world = world.Empty("host2").Settle(broken);

        Assert.Equal("host1: daemon.0; host3: daemon.2; host4: daemon.3", world.Placed());
    }

    [Fact]
    public void The_only_one_that_serves_stays_on_a_drained_host()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Pinned("web", "host1", "host2")).Settle();
        world = world.Silence("host1").Empty("host2").Settle();

        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
        Assert.Contains(
            world.Plan().Holds, h => h.Text == "web.1 leaves host2 once web.0 on host1 is ready: too few others serve");
    }

    [Fact]
    public void What_is_stopped_leaves_a_drained_host_although_none_serves()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.PerHost("web", 1)).Settle();
        world = world.Intend(ServiceIntent.Of(new ServiceName("web")) with { Stopped = true }).Settle();

        Assert.Equal("host1: web.0", world.Empty("host2").Settle().Placed());
    }

    [Fact]
    public void A_silent_host_does_not_keep_an_instance_on_one_that_is_wanted_no_more()
    {
        var world = Three.Apply(Specs.Pinned("web", "host1", "host2", "host3")).Settle().Silence("host1");

        Assert.Equal(
            "host1: web.0; host2: web.1", world.Apply(Specs.Pinned("web", "host1", "host2")).Settle().Placed());
    }
}
