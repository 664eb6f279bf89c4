using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class SparesTests
{
    private static readonly UpdatePolicy Fast = Specs.NoneAway with { Canary = 0, Batch = "100%", Bake = TimeSpan.Zero };

    private static ServiceSpec Web(string version, int instances = 3) =>
        Specs.Service("web", instances, version) with { Update = Fast };

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Web("1.0")).Settle();

    [Fact]
    public void A_spare_one_that_fits_nowhere_says_what_every_host_lacks_and_nothing_is_taken_away()
    {
        var world = World.Of("host1@az1").Apply(Web("1.0", 1).Port(80)).Settle().Apply(Web("2.0", 1).Port(80));

        Assert.Empty(world.Plan().Steps);
        var hold = world.Plan().Holds[0];
        Assert.Equal(HoldReason.NoRoomForSpare, hold.Reason);
        Assert.Equal(
            "none of web's instances may be away, and a spare one fits nowhere: port 80 is taken by web.0 (host1)", hold.Text);
        Assert.Contains("max_unavailable: 1", hold.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_some_may_be_away_it_goes_on_without_a_spare_one()
    {
        var policy = Fast with { MaxUnavailable = 1 };
        var world = World.Of("host1@az1").Apply(Web("1.0", 1).Port(80) with { Update = policy }).Settle();

        world = world.Apply(Web("2.0", 1).Port(80) with { Update = policy });
        Assert.DoesNotContain(world.Plan().Holds, h => h.Reason == HoldReason.NoRoomForSpare);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void What_serves_nobody_anyway_needs_no_spare_one()
    {
        var world = Running.Run("web.0", "web.1", "web.2").Apply(Web("2.0"));

        Assert.DoesNotContain(world.Plan().Steps, s => s is Step.Place);
        Assert.Equal(3, world.Plan().Steps.Length);
    }

    [Fact]
    public void A_spare_one_stays_until_the_last_one_is_ready_again()
    {
        var world = Running.Apply(Web("2.0"));
        world = world.Commit(world.Plan()).Run();
        for (var round = 0; round < 20 && world.Placed().Contains("web.3", StringComparison.Ordinal); round++)
        {
            Assert.True(world.Naming.SetOf(new ServiceName("web")).Endpoints.Length >= 3);
            world = world.Commit(world.Plan()).Confirm();
            world = world.Commit(world.Plan()).Run();
        }

        Assert.DoesNotContain("web.3", world.Placed(), StringComparison.Ordinal);
    }

    [Fact]
    public void Fewer_instances_leave_at_once_only_if_the_rest_serves()
    {
        var world = Running.Run(butNotReady: "web.0").Apply(Web("1.0", 2));
        Assert.Empty(world.Plan().Steps);
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text == "web.2 on host1 is one more than wanted, and stays until the others are ready");

        Assert.Equal("host1: web.0; host2: web.1", world.Run().Settle().Placed());
    }

    [Fact]
    public void On_each_host_of_a_pinned_service_the_spare_one_stands_beside_the_one_that_changes()
    {
        var pinned = Specs.Pinned("web", "host1", "host2") with { Update = Fast };
        var world = World.Of("host1@az1", "host2@az2").Apply(pinned).Settle();

        world = world.Apply(pinned.Env("A", "1")).Settle();
        Assert.True(world.Plan().IsConverged);
        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
    }

    [Fact]
    public void A_restart_of_one_instance_has_a_spare_one_too_when_nobody_may_be_away()
    {
        var world = Running.Apply(Web("2.0")).Settle();
        var intent = world.State.IntentOf(new ServiceName("web"));
        var one = new InstanceId(intent.Service, 1);
        world = world.Intend(intent with { InstanceRestarts = intent.InstanceRestarts.Add(one, 1) });
        var spare = Assert.IsType<Step.Place>(Assert.Single(world.Plan().Steps));
        Assert.Equal("web.3", spare.Instance.Value);
        Assert.All(world.Plan().Placements.SelectMany(h => h.Instances), p => Assert.Null(p.Unlisted));

        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void A_spare_one_of_a_rollout_whose_place_another_has_taken_leaves_before_the_next_canary_and_nobody_is_missing()
    {
        var careful = Specs.NoneAway with { Canary = 1, Batch = "1", ManualPromotion = true };
        ServiceSpec Of(string version) => Web(version) with { Update = careful };
        var world = World.Of("host1@az1", "host2@az2").Apply(Of("1.0")).Settle().Apply(Of("2.0")).Settle();
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=2.0", world.Versions("web"));

        world = world.Apply(Of("3.0"));
        for (var round = 0; round < 30; round++)
        {
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(new ServiceName("web")).Endpoints.Length >= 3, $"round {round}");
            Assert.StartsWith("web.0=1.0 web.1=1.0 web.2=1.0", world.Versions("web"), StringComparison.Ordinal);
            world = world.Run();
        }

        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=3.0", world.Versions("web"));
    }

    [Fact]
    public void While_a_rollout_is_paused_what_stands_in_since_the_one_before_it_is_not_touched()
    {
        var careful = Specs.NoneAway with { Canary = 1, Batch = "1", ManualPromotion = true };
        ServiceSpec Of(string version) => Web(version) with { Update = careful };
        var world = World.Of("host1@az1", "host2@az2").Apply(Of("1.0")).Settle().Apply(Of("2.0")).Settle().Apply(Of("3.0"));
        world = world.Commit(world.Plan() with { Placements = [] }).Say("web", w => w with { Paused = true }).Settle();

        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=2.0", world.Versions("web"));
        world = world.Say("web", w => w with { Paused = false }).Settle();
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=3.0", world.Versions("web"));
    }

    [Fact]
    public void In_a_rollout_that_is_taken_back_a_spare_one_stands_in_as_well()
    {
        var policy = Specs.NoneAway with { Canary = 1, Batch = "1" };
        var world = World.Of("host1@az1", "host2@az2").Apply(Web("1.0") with { Update = policy }).Settle()
            .Apply(Web("2.0") with { Update = policy }).Settle().After(TimeSpan.FromSeconds(10)).Settle();
        world = world.Say("web", w => w with { Aborted = true });
        for (var round = 0; round < 30; round++)
        {
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(new ServiceName("web")).Endpoints.Length >= 3, $"round {round}");
            world = world.Run();
        }

        Assert.Equal("host1: web.0 web.2; host2: web.1", world.Placed());
    }

    [Fact]
    public void What_is_one_too_many_leaves_with_the_number_that_is_wanted()
    {
        Assert.Contains(
            Running.Apply(Web("1.0", 2)).Drain().Plan().Steps, s => s.Text == "web.2 leaves host1: 2 in all are wanted");

        var daemon = Specs.PerHost("daemon", 2) with { Update = Fast };
        var world = World.Of("host1@az1").Apply(daemon).Settle().Apply(Specs.PerHost("daemon", 1) with { Update = Fast });
        Assert.Contains(world.Drain().Plan().Steps, s => s.Text == "daemon.1 leaves host1: 1 per host are wanted");
    }

    [Fact]
    public void Of_a_service_that_is_told_its_hosts_none_is_started_where_it_does_not_fit()
    {
        var pinned = Specs.Pinned("web", "host1").Port(80) with { Update = Fast };
        var world = World.Of("host1@az1", "host2@az2").Apply(pinned).Settle().Apply(pinned.Env("A", "1"));

        Assert.Empty(world.Plan().Steps);
        Assert.Equal(HoldReason.NoRoomForSpare, world.Plan().Holds[0].Reason);
    }

    /// <summary>The commits of one plan may end after any of them, and two hosts are told one after the other.</summary>
    [Fact]
    public void A_spare_one_gets_the_index_of_none_that_the_same_plan_takes_away()
    {
        var pinned = Specs.Pinned("web", "host1", "host2", "host3") with
        {
            Update = Fast, Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(1)) { Drain = TimeSpan.Zero },
        };
        var newer = pinned.With(i => i with { Release = Id.Parse<ReleaseId>("web@2.0") });
        var world = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(pinned).Settle()
            .Apply(newer with { Scale = Specs.Pinned("web", "host1", "host2").Scale });

        Assert.Equal(["web.2", "web.3"], EachIsGivenOnce(world).Select(i => i.Value));
    }

    [Fact]
    public void A_spare_one_that_replaces_one_on_a_lost_host_has_another_index()
    {
        var world = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Web("1.0", 2)).Settle().Apply(Web("2.0", 2));
        world = world.Commit(world.Plan()).Run();
        Assert.Contains("host3: web.2", world.Placed(), StringComparison.Ordinal);

        Assert.Contains("web.2", EachIsGivenOnce(world.Lose("host3")).Select(i => i.Value));
    }

    private static List<InstanceId> EachIsGivenOnce(World world)
    {
        var gone = new List<InstanceId>();
        for (var round = 0; round < 20; round++)
        {
            var plan = world.Plan();
            var leaving = plan.Steps.OfType<Step.Remove>().Select(s => s.Instance).ToList();
            Assert.Empty(leaving.Intersect(plan.Steps.OfType<Step.Place>().Select(s => s.Instance)));
            gone.AddRange(leaving);
            world = world.Commit(plan).Run();
        }

        Assert.True(world.Plan().IsConverged);
        return gone;
    }
}
