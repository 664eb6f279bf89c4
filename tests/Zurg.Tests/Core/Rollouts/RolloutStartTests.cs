using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>What begins, what goes on, and what of an earlier one still holds.</summary>
public sealed class RolloutStartTests
{
    private static readonly ServiceName Web = new("web");
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);

    private static ServiceSpec Four(string version) => Specs.Service("web", 4, version) with { Update = Specs.NoneAway };

    private static ServiceSpec One(string version) => Specs.Service("web", 1, version) with { Update = Specs.OneAway };

    private static World Canary => World.Of("host1@az1", "host2@az2", "host3@az3")
        .Apply(Four("1.0")).Settle().Apply(Four("2.0")).Settle();

    private static World Refused
    {
        get
        {
            var world = World.Of("host1@az1", "host2@az2").Apply(One("1.0")).Settle().Apply(One("2.0"));
            world = world.Settle("web.0").Report("web.0", s => s with { CrashesSinceChange = 1 }).Settle();
            Assert.Equal(["web.0=1.0"], Versions(world));
            return world;
        }
    }

    private static string[] Versions(World world) =>
    [
        .. world.State.Placements.Values.SelectMany(h => h.Instances).OrderBy(p => p.Instance)
            .Select(p => $"{p.Instance}={world.State.InstanceSpecs[p.Spec].Release.Version}"),
    ];

    private static World Stop(World world, bool stopped) =>
        world.Intend(world.State.IntentOf(Web) with { Stopped = stopped });

    private static World Restart(World world) =>
        world.Intend(world.State.IntentOf(Web) with { Restarts = world.State.IntentOf(Web).Restarts + 1 });

    [Fact]
    public void A_restart_that_joins_a_rollout_which_went_on_in_spite_of_crashes_forgives_none_that_come_after_it()
    {
        var update = Specs.OneAway with { Canary = 1, Bake = Bake, Rollback = RollbackMode.Manual };
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2) with { Update = update }).Settle()
            .Apply(Specs.Service("web", 2, "2.0") with { Update = update }).Settle("web.0");
        world = Crash(world);
        world = world.Commit(world.Plan());
        Assert.Equal(RolloutPhase.Halted, world.RolloutOf("web").Phase);
        world = world.Say("web", w => w with { Resumes = 1 });
        world = world.Commit(world.Plan());
        Assert.Equal(1, Assert.Single(world.RolloutOf("web").Excused).Value);

        world = Restart(world).Settle();
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
        Assert.Equal(RolloutPhase.Halted, Crash(world).Plan().Rollouts.Values.Single()?.Phase);

        static World Crash(World world) => world.Report("web.0", s => s with { CrashesSinceChange = 1 });
    }

    [Fact]
    public void An_only_instance_that_moves_comes_back_with_what_was_proven()
    {
        var world = Refused.Empty("host1").Settle();

        Assert.Equal(["web.0=1.0"], Versions(world));
        Assert.Equal("host2: web.0", world.Placed());
        Assert.Equal(HoldReason.RolledBack, Assert.Single(world.Plan().Holds).Reason);
    }

    [Fact]
    public void An_only_instance_that_moves_while_a_rollout_is_paused_is_still_the_old_one()
    {
        var slow = Specs.OneAway with { Canary = 1, Batch = "1", Bake = Bake, ManualPromotion = true };
        var world = World.Of("host1@az1", "host2@az2").Apply(One("1.0") with { Update = slow }).Settle();
        world = world.Apply(One("2.0") with { Update = slow });
        world = world.Commit(world.Plan() with { Placements = [] }).Say("web", w => w with { Paused = true });
        world = world.Empty("host1").Settle();

        Assert.Equal(["web.0=1.0"], Versions(world));
        Assert.Equal("host2: web.0", world.Placed());
        Assert.Equal((2, RolloutPhase.Running), (world.RolloutOf("web").Number, world.RolloutOf("web").Phase));
    }

    [Fact]
    public void Words_on_a_rollout_of_an_earlier_life_are_about_none_of_this_one()
    {
        var said = new RolloutIntent(
            Number: 2, Paused: false, Aborted: true, Retry: false, Resumes: 0, Promotes: 0, PromoteAll: false, By: "ann");
        var world = World.Of("host1@az1").Intend(ServiceIntent.Of(Web) with { Rollout = said }).Apply(One("1.0")).Settle();
        Assert.Equal(3, world.RolloutOf("web").Number);

        Assert.Equal(["web.0=2.0"], Versions(world.Apply(One("2.0")).Settle()));
    }

    [Fact]
    public void A_stop_and_a_start_in_the_middle_send_nothing_further()
    {
        var paused = Canary.Say("web", w => w with { Paused = true });
        var before = Versions(paused);
        var again = Stop(Stop(paused, stopped: true).Settle(), stopped: false).Settle();

        Assert.Equal(before, Versions(again));
        Assert.Equal(HoldReason.RolloutPaused, Assert.Single(again.Plan().Holds).Reason);
        Assert.Equal(4, again.Naming.SetOf(Web).Endpoints.Count(e => e.Instance.Index < 4));
    }

    [Fact]
    public void An_abort_counts_while_the_service_is_stopped_too()
    {
        var world = Stop(Canary, stopped: true).Settle().Say("web", w => w with { Aborted = true }).Settle();

        Assert.DoesNotContain(Versions(world), v => v.EndsWith("2.0", StringComparison.Ordinal));
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
    }

    [Fact]
    public void What_is_stopped_gets_a_new_release_at_once_and_proves_nothing()
    {
        var world = Stop(Canary.After(Bake).Settle().After(Bake).Settle(), stopped: true).Settle().Apply(Four("3.0")).Settle();

        Assert.Equal(["web.0=3.0", "web.1=3.0", "web.2=3.0", "web.3=3.0"], Versions(world));
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
    }

    [Fact]
    public void A_restart_in_the_middle_joins_the_change_and_its_pause()
    {
        var paused = Canary.Say("web", w => w with { Paused = true });
        var restarted = Restart(paused).After(Bake * 10).Settle();
        Assert.Equal(Versions(paused), Versions(restarted));
        Assert.Equal("rollout 2 of web is paused by ann", Assert.Single(restarted.Plan().Holds).Text);

        var done = restarted.Say("web", w => w with { Paused = false }).Settle()
            .After(Bake).Settle().After(Bake).Settle().After(Bake).Settle();
        Assert.Equal(["web.0=2.0", "web.1=2.0", "web.2=2.0", "web.3=2.0"], Versions(done));
        Assert.All(done.State.Placements.Values.SelectMany(h => h.Instances), p => Assert.Equal(1, p.Restarts));
        Assert.True(done.Plan().IsConverged);
    }

    [Fact]
    public void After_a_restart_people_are_still_told_why_their_release_was_taken_back()
    {
        var before = Assert.Single(Refused.Plan().Holds).Text;
        Assert.Contains("since web.0 on host1 ended by itself with 2.0", before, StringComparison.Ordinal);
        Assert.Equal(before, Assert.Single(Restart(Refused).Settle().Plan().Holds).Text);
    }
}
