using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RolloutStageTests
{
    private static readonly UpdatePolicy Slow = Specs.OneAway with { Canary = 1, Batch = "2", Bake = TimeSpan.FromSeconds(10) };

    private static World Canary => World.Of("host1@az1", "host2@az2", "host3@az3")
        .Apply(Specs.Service("web", 4) with { Update = Slow }).Settle()
        .Apply(Specs.Service("web", 4, "2.0") with { Update = Slow }).Settle();

    [Fact]
    public void The_watch_begins_when_all_of_the_stage_are_ready()
    {
        var world = Canary.After(TimeSpan.FromSeconds(10));
        world = world.Settle("web.1");
        Assert.Equal((3, (DateTimeOffset?)null), (world.RolloutOf("web").Allowed, world.RolloutOf("web").StageReadyAt));

        world = world.After(TimeSpan.FromSeconds(3)).Run().Settle();
        Assert.Equal(World.Noon.AddSeconds(13), world.RolloutOf("web").StageReadyAt);
    }

    [Fact]
    public void One_that_began_when_no_host_was_there_for_it_goes_on_when_one_is()
    {
        var pinned = Specs.Pinned("web", "host2").With(i => i with { Release = Id.Parse<ReleaseId>("web@2.0") });
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Apply(pinned).Settle();
        Assert.Equal(0, world.RolloutOf("web").Allowed);

        world = world.Join("host2@az2").Settle();
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void Each_stage_is_told_and_so_is_the_end()
    {
        var world = Canary.After(TimeSpan.FromSeconds(10));
        Assert.Equal("rollout 2 of web: 1 are fine, on to 3 of 4", Assert.Single(world.Plan().News).Text);

        world = world.Settle().After(TimeSpan.FromSeconds(10)).Settle();
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.Equal(World.Noon.AddSeconds(20), world.RolloutOf("web").EndedAt);
    }

    [Fact]
    public void After_the_last_stage_nobody_is_watched_any_more() =>
        Assert.True(Canary.After(TimeSpan.FromSeconds(10)).Settle().After(TimeSpan.FromSeconds(10)).Settle().Plan().IsConverged);

    [Fact]
    public void A_spare_instance_is_watched_before_the_only_one_is_touched_and_proves_nothing_for_it()
    {
        var world = World.Of("host1@az1", "host2@az2")
            .Apply(Specs.Service("web", 1) with { Update = Specs.NoneAway }).Settle()
            .Apply(Specs.Service("web", 1, "2.0") with { Update = Specs.NoneAway }).Settle();
        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
        Assert.Equal(HoldReason.Baking, Assert.Single(world.Plan().Holds).Reason);

        world = world.After(TimeSpan.FromSeconds(10)).Settle("web.0");
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
        world = world.Run().Settle();
        Assert.Equal((RolloutPhase.Completed, "host1: web.0"), (world.RolloutOf("web").Phase, world.Placed()));
        Assert.True(world.Plan().IsConverged);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void A_restart_is_over_when_the_instance_that_stays_was_restarted(int canary)
    {
        var policy = Specs.NoneAway with { Canary = canary };
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 1) with { Update = policy }).Settle();
        world = world.Intend(ServiceIntent.Of(new ServiceName("web")) with { Restarts = 1 }).Settle("web.0");
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);

        world = world.Run().Settle();
        Assert.Equal((RolloutPhase.Completed, "host1: web.0"), (world.RolloutOf("web").Phase, world.Placed()));
    }

    [Fact]
    public void One_that_falls_silent_with_the_new_release_does_not_hold_up_the_others()
    {
        // Two may be away: the silent one is.
        var policy = Slow with { Bake = TimeSpan.Zero, MaxUnavailable = 2 };
        var world = World.Of("host1@az1", "host2@az2", "host3@az3", "host4@az1")
            .Apply(Specs.Service("web", 4) with { Update = policy }).Settle()
            .Apply(Specs.Service("web", 4, "2.0") with { Update = policy });
        while (world.RolloutOf("web") is not { Number: 2, Allowed: 3 })
        {
            world = world.Commit(world.Plan()).Run();
        }

        Assert.Equal(RolloutPhase.Completed, world.Silence(HostOfCanary(world)).Settle().RolloutOf("web").Phase);
    }

    [Fact]
    public void A_canary_that_cannot_be_heard_shows_nothing()
    {
        var world = Canary.Silence(HostOfCanary(Canary)).After(TimeSpan.FromHours(1)).Settle();

        Assert.Equal((1, (DateTimeOffset?)null), (world.RolloutOf("web").Allowed, world.RolloutOf("web").StageReadyAt));
    }

    private static string HostOfCanary(World world) => world.State.Placements.Values.Single(
        h => h.Instances.Any(p => p.Spec == world.RolloutOf("web").To.Digest)).Host.Value;

    [Fact]
    public void A_clock_that_goes_back_neither_stretches_the_watch_nor_blinds_it()
    {
        var world = Canary.After(-TimeSpan.FromHours(1)).Settle();
        Assert.Equal(World.Noon.AddHours(-1).AddSeconds(10), world.Plan().WakeAt);

        world = world.After(TimeSpan.FromSeconds(10)).Settle("web.1");
        Assert.Equal(3, world.RolloutOf("web").Allowed);
        world = world.Report("web.1", s => s with { CrashesSinceChange = 1 });
        Assert.Equal(RolloutPhase.RollingBack, world.Plan().Rollouts.Values.Single()!.Phase);
    }

    [Fact]
    public void An_instance_on_a_silent_host_holds_up_its_own_end_and_no_stage()
    {
        var world = Canary.Silence("host3").After(TimeSpan.FromSeconds(10)).Settle().After(TimeSpan.FromSeconds(10)).Settle();

        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.HostSilent);
    }

    [Fact]
    public void A_stage_waits_for_the_readiness_of_its_own_and_of_no_other()
    {
        var world = World.Of("host1@az1", "host2@az2", "host3@az3")
            .Apply(Specs.Service("web", 4) with { Update = Slow }).Settle();
        var changed = Specs.Service("web", 4, "2.0") with { Update = Slow };
        var slow = world.Apply(changed).Settle("web.0").After(TimeSpan.FromSeconds(10)).Settle("web.0");
        Assert.Equal((1, (DateTimeOffset?)null), (slow.RolloutOf("web").Allowed, slow.RolloutOf("web").StageReadyAt));

        var down = world.Run("web.2", "web.3").Apply(changed).Drain();
        down = down.Commit(down.Plan()).Run("web.3").Settle("web.3");
        Assert.Equal((1, World.Noon), (down.RolloutOf("web").Allowed, down.RolloutOf("web").StageReadyAt));
    }

    [Fact]
    public void The_watch_ends_when_one_falls_silent_and_begins_anew()
    {
        var world = Canary.After(TimeSpan.FromSeconds(5)).Silence("host1");
        world = world.Commit(world.Plan());
        Assert.Null(world.RolloutOf("web").StageReadyAt);
    }

    [Fact]
    public void One_word_lets_one_stage_on_and_the_word_for_all_is_carried_out_once()
    {
        var next = Canary.After(TimeSpan.FromSeconds(1)).Say("web", w => w with { Promotes = 1 }).Settle();
        Assert.Equal((3, World.Noon.AddSeconds(1)), (next.RolloutOf("web").Allowed, next.RolloutOf("web").StageSince));

        var all = Canary.Say("web", w => w with { PromoteAll = true, Promotes = 1 });
        Assert.Equal("ann lets the rest of web have it at once", Assert.Single(all.Plan().News).Text);
        all = all.Commit(all.Plan());
        Assert.Equal(4, all.RolloutOf("web").Allowed);
        Assert.Empty(all.Plan().News);
        Assert.Empty(all.Plan().Rollouts);
    }

    [Fact]
    public void Who_lets_on_is_told_how_many_are_next_and_all_are_told_when_it_is_complete()
    {
        var manual = Slow with { ManualPromotion = true };
        var world = Canary.Apply(Specs.Service("web", 4, "2.0") with { Update = manual }).Settle();
        Assert.Contains(
            world.Plan().Holds, h => h.Text == "1 of web have the new one and are ready; a person lets on the next 2");

        world = world.After(TimeSpan.FromSeconds(2)).Say("web", w => w with { PromoteAll = true });
        var news = new List<string>();
        for (var round = 0; round < 20; round++)
        {
            news.AddRange(world.Plan().News.Select(n => n.Text));
            world = world.Commit(world.Plan()).Run();
        }

        Assert.Equal("rollout 2 of web is complete after 2 s", news[^1]);
        Assert.Null(world.RolloutOf("web").StageReadyAt);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void While_no_host_has_any_it_says_what_it_waits_for(bool blueGreen)
    {
        var update = blueGreen
            ? Specs.NoneAway with { BlueGreen = new BlueGreenPolicy(TimeSpan.FromMinutes(1), Strict: false) }
            : Specs.OneAway;
        var daemon = Specs.PerHost("web", 1) with { Update = update };
        var world = World.Of("host1@az1", "host2@az2").Apply(daemon).Settle();
        world = world.Apply(daemon.Env("A", "1"));
        world = world.Commit(world.Plan()).Empty("host1").Empty("host2").Settle();

        Assert.Equal(("", RolloutPhase.Running), (world.Placed(), world.RolloutOf("web").Phase));
        Assert.Contains(world.Plan().Holds, h => h.Text == "rollout 2 of web goes on when a host has an instance of it again");
        Assert.False(world.Plan().IsConverged);
    }

    /// <summary>What is stopped as it was to be was taken for ready, and its watch for over.</summary>
    [Fact]
    public void A_stop_and_a_start_let_nothing_on_that_has_not_been_watched_since()
    {
        var update = Specs.OneAway with { Canary = 1, Bake = TimeSpan.FromSeconds(10) };
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 3) with { Update = update }).Settle()
            .Apply(Specs.Service("web", 3, "2.0") with { Update = update }).Settle();
        Assert.Equal(1, world.RolloutOf("web").Allowed);

        var intent = world.State.IntentOf(new ServiceName("web"));
        var started = world.Intend(intent with { Stopped = true }).Settle().After(TimeSpan.FromMinutes(1))
            .Intend(intent with { Stopped = false });
        started = started.Commit(started.Plan());
        Assert.Equal((1, null), (started.RolloutOf("web").Allowed, started.RolloutOf("web").StageReadyAt));
        Assert.Equal(1, started.Run().Settle().RolloutOf("web").Allowed);
        Assert.True(started.Run().Settle().After(TimeSpan.FromSeconds(10)).Settle().RolloutOf("web").Allowed > 1);
    }
}
