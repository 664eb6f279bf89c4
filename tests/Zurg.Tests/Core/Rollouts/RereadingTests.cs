using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RereadingTests
{
    private static readonly ServiceName Web = new("web");

    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Specs.Service("web", 3)).Settle();

    [Fact]
    public void One_after_the_other_is_withdrawn_and_then_restarted_and_no_rollout_begins()
    {
        var world = Outdate(Running, "web.0", "web.1", "web.2");
        var plan = world.Plan();
        Assert.Equal(("web.0", typeof(Step.Drain)), (Assert.Single(plan.Steps).Instance.Value, plan.Steps[0].GetType()));
        Assert.Contains(plan.Holds, h => h.Text.StartsWith("2 of web's instances wait for their turn", StringComparison.Ordinal));

        world = world.Commit(plan);
        Assert.Equal(2, world.Naming.SetOf(Web).Endpoints.Length);
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.WaitsForDrain);
        Assert.Empty(world.Plan().Steps);

        world = world.Confirm();
        plan = world.Plan();
        Assert.Equal("web.0 on host1: is restarted for a.conf, which has changed", Assert.Single(plan.Steps).Text);
        Assert.Empty(plan.Rollouts);
        world = world.Commit(plan).Run(butNotReady: "web.0");
        Assert.Empty(world.Plan().Steps);
        Assert.Equal("web.1", Assert.Single(world.Run().Plan().Steps).Instance.Value);
    }

    [Fact]
    public void Each_is_restarted_once_and_the_rest_is_left_alone()
    {
        var world = Outdate(Running, "web.0", "web.2").Settle();
        Assert.True(world.Plan().IsConverged);
        Assert.Equal([2, 1, 2], Incarnations(world));
        Assert.Equal(3, world.Naming.SetOf(Web).Endpoints.Length);
    }

    [Fact]
    public void Between_the_word_and_the_end_it_is_neither_listed_nor_counted_nor_told_again()
    {
        var world = Outdate(Running, "web.0", "web.1").Drain();
        world = world.Commit(world.Plan());
        Assert.Equal(["web.1", "web.2"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        var plan = world.Plan();
        Assert.Empty(plan.Steps);
        Assert.Contains(plan.Holds, h => h.Text == "web.0 on host1 is being restarted");
        Assert.Contains(plan.Holds, h => h.Text.StartsWith("1 of web's instances wait", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_may_be_away_a_spare_one_comes_first_and_goes_last()
    {
        var service = Specs.Service("web", 2) with { Update = Specs.NoneAway };
        var world = Outdate(World.Of("host1@az1", "host2@az2", "host3@az3").Apply(service).Settle(), "web.0", "web.1");
        for (var round = 0; round < 30 && !world.Plan().IsConverged; round++)
        {
            world = world.Commit(world.Plan()).Confirm();
            Assert.True(world.Naming.SetOf(Web).Endpoints.Length >= 2, $"round {round}");
            world = world.Run();
        }

        Assert.Equal([2, 2], Incarnations(world));
    }

    [Fact]
    public void A_rollout_that_is_paused_or_waits_for_its_bake_does_not_keep_it_back()
    {
        var update = Specs.OneAway with { Batch = "1", Bake = TimeSpan.FromHours(1) };
        var service = Specs.Service("web", 3, "2.0") with { Update = update };
        var world = Running.Apply(service);
        world = world.Commit(world.Plan()).Run();
        world = world.Commit(world.Plan()).Run();
        Assert.True(world.Plan().Steps.IsEmpty, "the first has the new release and is watched");
        world = Outdate(world, "web.0", "web.2").Settle();
        Assert.Equal([3, 1, 2], Incarnations(world));
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);

        world = Outdate(world.Say("web", w => w with { Paused = true }), "web.1").Settle();
        Assert.Equal([3, 2, 2], Incarnations(world));
    }

    [Fact]
    public void Where_nothing_may_be_away_a_failed_canary_keeps_neither_it_nor_a_drain_back()
    {
        var manual = Specs.NoneAway with { Rollback = RollbackMode.Manual };
        var world = Surging("1.0", manual).Apply(Specs.Service("web", 3, "2.0") with { Update = manual }).Settle("web.3")
            .Report("web.3", i => i with { CrashesSinceChange = 1 }).Settle("web.3");
        Assert.Equal(RolloutPhase.Halted, world.RolloutOf("web").Phase);

        world = SettleAndServe(Outdate(world, "web.0"), "web.3");
        Assert.Equal([2, 1, 1, 1, 1], Incarnations(world));
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=2.0 web.4=1.0", world.Versions("web"));

        world = SettleAndServe(world.Empty("host2"), "web.3");
        Assert.DoesNotContain("host2", world.Placed(), StringComparison.Ordinal);
        Assert.Equal(RolloutPhase.Halted, world.RolloutOf("web").Phase);
    }

    [Fact]
    public void A_pause_before_the_canary_serves_does_not_keep_it_back()
    {
        var world = Surging("1.0", Specs.NoneAway).Apply(Specs.Service("web", 3, "2.0") with { Update = Specs.NoneAway })
            .Settle("web.3").Say("web", w => w with { Paused = true });

        world = SettleAndServe(Outdate(world, "web.1"), "web.3");
        Assert.Equal([1, 2, 1, 1, 1], Incarnations(world));
    }

    [Fact]
    public void A_canary_that_waits_for_a_person_is_restarted_too()
    {
        var manual = Specs.NoneAway with { ManualPromotion = true };
        var world = Surging("1.0", manual).Apply(Specs.Service("web", 3, "2.0") with { Update = manual }).Settle();
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.WaitsForPromotion);

        world = SettleAndServe(Outdate(world, "web.3"));
        Assert.Equal([1, 1, 1, 2], Incarnations(world));
        world = SettleAndServe(Outdate(world.Say("web", w => w with { Paused = true }), "web.3", "web.0"));
        Assert.Equal([2, 1, 1, 3], Incarnations(world));
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=2.0", world.Versions("web"));
    }

    /// <summary>Found by the simulator: that everybody had confirmed the set with it in it was taken for its drain.</summary>
    [Fact]
    public void What_is_withdrawn_for_a_file_and_is_one_too_many_is_not_taken_away_by_the_same_plan()
    {
        var manual = Specs.NoneAway with { ManualPromotion = true };
        var world = Surging("1.0", manual).Apply(Specs.Service("web", 3, "2.0") with { Update = manual }).Settle();
        world = Outdate(world.Apply(Specs.Service("web", 2, "2.0") with { Update = manual }), "web.2");

        var plan = world.Confirm(Web, world.Naming.SetOf(Web).Revision).Plan();
        Assert.Equal(["web.2"], plan.Steps.Select(s => s.Instance.Value).Distinct());
        Assert.All(plan.Steps, s => Assert.IsType<Step.Drain>(s));
    }

    private static World Surging(string version, UpdatePolicy update) => World.Of("host1@az1", "host2@az2", "host3@az3")
        .Apply(Specs.Service("web", 3, version) with { Update = update }).Settle();

    /// <summary>With three that serve at each moment.</summary>
    private static World SettleAndServe(World world, params string[] butNotReady)
    {
        for (var round = 0; round < 30 && world.Plan() is { Steps.IsEmpty: false } plan; round++)
        {
            world = world.Commit(plan).Confirm();
            Assert.True(world.Naming.SetOf(Web).Endpoints.Length >= 3, $"round {round}");
            world = world.Run(butNotReady);
        }

        Assert.Empty(world.Plan().Steps);
        return world;
    }

    [Fact]
    public void What_gets_something_new_anyway_has_read_its_files_then()
    {
        var world = Outdate(Running.Apply(Specs.Service("web", 3, "2.0")), "web.0", "web.1", "web.2").Settle();
        Assert.Equal([2, 2, 2], Incarnations(world));
    }

    [Fact]
    public void One_that_can_neither_stay_nor_go_elsewhere_is_restarted_where_it_is()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Empty("host1");
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.NoHostFits);
        world = Outdate(world, "web.0").Settle();
        Assert.Equal([2], Incarnations(world));
    }

    [Fact]
    public void One_that_may_not_leave_its_host_yet_is_restarted_where_it_is()
    {
        var web = Specs.Service("web", 2).Needs("disk", "ssd") with { Update = Specs.OneAway with { MaxUnavailable = 2 } };
        var world = World.Of("host1@az1 disk=ssd", "host2@az2 disk=ssd").Apply(web).Settle()
            .Relabel("host1").Relabel("host2").Join("host3@az3 disk=ssd");
        world = Outdate(world.Commit(world.Plan()), "web.1");
        Assert.Contains(world.Plan().Holds, h => h is { Reason: HoldReason.TooManyActions, Instance.Value: "web.1" });
        Assert.Contains(
            world.Plan().Steps,
            s => s.Text == "web.1 on host2 is withdrawn from its consumers: is restarted for a.conf, which has changed");
    }

    [Fact]
    public void One_whose_host_has_yet_to_prepare_what_comes_next_is_restarted_with_what_it_has()
    {
        var world = Running;
        foreach (var facts in world.State.Facts.Values)
        {
            var description = facts.Description with { Prepares = true };
            world = world.Put(
                StoreKeys.Facts(facts.Host), facts with { Description = description }, WireJson.Default.HostFacts);
        }

        world = world.Apply(Specs.Service("web", 3, "2.0")).Settle();
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.WaitsForPrepare);
        world = Outdate(world, "web.1").Settle();
        Assert.Equal([1, 2, 1], Incarnations(world));
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0", world.Versions("web"));
    }

    [Fact]
    public void A_silent_host_is_asked_for_nothing_and_a_stopped_service_is_left_alone()
    {
        var silent = Outdate(Running, "web.1").Silence("host2");
        Assert.Empty(silent.Plan().Steps);

        var stopped = Outdate(Running, "web.1").Intend(ServiceIntent.Of(Web) with { Stopped = true }).Settle();
        Assert.Equal([1, 1, 1], Incarnations(stopped));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(null)]
    public void What_was_let_go_of_is_not_listed_again_when_the_next_word_asks_for_just_that(bool? ends)
    {
        var world = Running;
        foreach (var facts in world.State.Facts.Values)
        {
            var description = facts.Description with { EndsIncarnations = ends };
            world = world.Put(
                StoreKeys.Facts(facts.Host), facts with { Description = description }, WireJson.Default.HostFacts);
        }

        world = world.Apply(Specs.Service("web", 3, "2.0"));
        for (var round = 0; round < 5 && world.Plan().Steps.All(s => s is not Step.Change); round++)
        {
            world = world.Commit(world.Plan()).Confirm();
        }

        // Its agent hears of the change only after the second one is written.
        world = world.Commit(world.Plan()).Apply(Specs.Service("web", 3));
        world = world.Commit(world.Plan()).Confirm();
        world = world.Commit(world.Plan());
        var listed = world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value);
        Assert.Equal(ends is true ? ["web.1", "web.2"] : ["web.0", "web.1", "web.2"], listed);
        world = world.Run().Settle();
        Assert.Equal(3, world.Naming.SetOf(Web).Endpoints.Length);
    }

    [Fact]
    public void One_that_ended_by_itself_while_it_was_withdrawn_is_listed_again()
    {
        var world = Outdate(Running, "web.0");
        world = world.Commit(world.Plan());
        world = world.Report("web.0", i => i with { Outdated = null, Incarnation = new Incarnation(7), Crashes = 1 }).Settle();
        Assert.Equal([7, 1, 1], Incarnations(world));
        Assert.Equal(3, world.Naming.SetOf(Web).Endpoints.Length);
    }

    [Fact]
    public void Only_the_new_side_of_a_blue_green_change_is_restarted_among_those_on_top()
    {
        var update = Specs.OneAway with { BlueGreen = new BlueGreenPolicy(TimeSpan.FromMinutes(1), false) };
        var green = Specs.Service("web", 1, "2.0") with { Update = update };
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 1)).Settle().Apply(green);
        for (var round = 0; round < 5 && world.State.Facts.Values.All(f => f.Instances.All(i => i.Instance.Index != 1)); round++)
        {
            world = world.Commit(world.Plan()).Run();
        }

        world = Outdate(world, "web.1");
        var plan = world.Drain().Plan();
        Assert.Contains(plan.Steps, s => s.Text.Contains("is restarted for a.conf", StringComparison.Ordinal));
    }

    /// <summary>Three agents and the decider, with nothing between them: a service's file changes on all hosts at once.</summary>
    [Fact]
    public void Three_hosts_run_on_without_a_master_and_take_turns_with_one()
    {
        var fleet = new RereadingFleet(Running with { Now = AgentWords.Start });
        fleet.Round(decides: true);
        fleet.Settle();
        Assert.Equal(3, fleet.World.Naming.SetOf(Web).Endpoints.Length);

        fleet.ChangeFiles();
        for (var second = 0; second < 120; second++)
        {
            fleet.Round(decides: false);
        }

        Assert.Empty(fleet.Signalled);
        Assert.Equal(3, fleet.Outdated);

        fleet.Settle();
        Assert.Equal(["web.0", "web.1", "web.2"], fleet.Signalled.Order());
        Assert.Equal((0, 2), (fleet.Outdated, fleet.LeastListed));
        Assert.True(fleet.World.Plan().IsConverged);
    }

    private static World Outdate(World world, params string[] instances) => instances.Aggregate(world, (w, name) =>
        w.Report(name, i => i with { Outdated = new OutdatedFile("a.conf", World.Noon) }));

    private static long[] Incarnations(World world) =>
    [
        .. world.State.Facts.Values.SelectMany(f => f.Instances).Where(i => i.Instance.Service == Web)
            .OrderBy(i => i.Instance).Select(i => i.Incarnation.Value),
    ];
}
