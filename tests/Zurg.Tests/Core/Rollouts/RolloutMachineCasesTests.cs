using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>Where a rollout begins and how it ends when something else happens meanwhile.</summary>
public sealed class RolloutMachineCasesTests
{
    private static readonly ServiceName Name = new("web");
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);

    private static ServiceSpec Web(string version) => Specs.Service("web", 4, version) with { Update = Specs.NoneAway };

    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Web("1.0")).Settle();

    private static World Canary => Running.Apply(Web("2.0")).Settle();

    /// <summary>The spec names a release that nobody has pushed.</summary>
    private static World Missing(World world) => world.Apply([Web("9.9")], push: false);

    private static ImmutableSortedSet<string> Versions(World world) =>
    [
        .. world.State.Placements.Values.SelectMany(h => h.Instances)
            .Select(p => world.State.InstanceSpecs[p.Spec].Release.Version.Value),
    ];

    private static World Crash(World world, string instance) =>
        world.Report(instance, s => s with { CrashesSinceChange = 1 });

    [Fact]
    public void A_host_is_emptied_though_the_spec_names_a_release_that_is_missing_and_nothing_older_comes_back()
    {
        var world = Canary.After(Bake).Settle().After(Bake).Settle();
        Assert.Equal(["2.0"], Versions(world));
        world = Missing(world).Empty("host2");
        for (var round = 0; round < 30; round++)
        {
            world = world.Commit(world.Plan()).Run();
            Assert.Equal(["2.0"], Versions(world));
        }

        Assert.DoesNotContain("host2", world.Placed(), StringComparison.Ordinal);
        Assert.Equal(HoldReason.ReleaseMissing, Assert.Single(world.Plan().Holds).Reason);
    }

    [Fact]
    public void While_a_release_is_missing_the_rollout_before_it_goes_no_further()
    {
        var world = Missing(Canary).After(Bake * 3);

        Assert.Empty(world.Plan().Steps);
        Assert.Empty(world.Plan().Rollouts);
        Assert.Equal("web waits for release web@9.9, which was never pushed", Assert.Single(world.Plan().Holds).Text);
    }

    [Fact]
    public void While_a_release_is_missing_an_abort_and_a_failure_still_take_the_canary_back()
    {
        var aborted = Missing(Canary).Say("web", w => w with { Aborted = true }).Settle();
        Assert.Equal(["1.0"], Versions(aborted));
        Assert.Equal(HoldReason.ReleaseMissing, Assert.Single(aborted.Plan().Holds).Reason);
        Assert.Equal(["1.0"], Versions(Crash(Missing(Canary), "web.4").Settle()));
    }

    [Fact]
    public void What_was_taken_back_and_is_no_longer_stored_is_not_called_missing()
    {
        var world = Canary.Say("web", w => w with { Aborted = true }).Settle();
        world = world.PutBytes(StoreKeys.Release(Id.Parse<ReleaseId>("web@2.0")), null);

        Assert.Equal(HoldReason.RolledBack, Assert.Single(world.Plan().Holds).Reason);
    }

    [Fact]
    public void Where_nothing_is_placed_whatever_is_wanted_is_there_at_once_and_is_written_once()
    {
        var world = new World().Apply(Web("1.0"));
        world = world.Commit(world.Plan());
        Assert.Equal((1, RolloutPhase.Completed), (world.RolloutOf("web").Number, world.RolloutOf("web").Phase));
        Assert.Empty(world.Plan().Rollouts);

        var other = world.Apply(Web("2.0")).Settle().RolloutOf("web");
        Assert.Equal((2, RolloutPhase.Completed, "2.0"), (other.Number, other.Phase, other.To.Release.Version.Value));
        Assert.Equal(World.Noon, other.EndedAt);
        var again = world.Intend(world.State.IntentOf(Name) with { Restarts = 1 }).Settle().RolloutOf("web");
        Assert.Equal((2, RolloutPhase.Completed, 1), (again.Number, again.Phase, again.To.Restarts));
    }

    [Fact]
    public void A_rollout_whose_instances_have_all_gone_goes_on_where_it_was()
    {
        var world = Canary.State.Placements.Keys.Aggregate(Canary, (w, h) => w.PutBytes(StoreKeys.Placements(h), null));
        world = world.Commit(world.Plan());

        Assert.Equal((2, RolloutPhase.Running), (world.RolloutOf("web").Number, world.RolloutOf("web").Phase));
    }

    [Fact]
    public void What_an_earlier_build_placed_counts_as_the_first_rollout()
    {
        var world = Running.PutBytes(StoreKeys.Rollout(Name), null);
        world = world.Commit(world.Plan());

        Assert.Equal((1, World.Noon), (world.RolloutOf("web").Number, world.RolloutOf("web").EndedAt));
    }

    [Fact]
    public void A_rollout_is_announced_with_what_it_takes_the_place_of()
    {
        Assert.Equal(
            "rollout 2 of web: release 1.0 -> 2.0 (spec 2 by test)", Assert.Single(Running.Apply(Web("2.0")).Plan().News).Text);
        Assert.Equal(
            "rollout 3 of web takes the place of 2: release 1.0 -> 3.0 (spec 3 by test)",
            Assert.Single(Canary.Apply(Web("3.0")).Plan().News).Text);
    }

    [Fact]
    public void A_restart_is_a_rollout_forward_and_one_to_what_ran_before_is_one_back()
    {
        var restart = Running.Intend(Running.State.IntentOf(Name) with { Restarts = 1 }).Plan().Rollouts.Values.Single()!;
        Assert.Equal((RolloutPhase.Running, null), (restart.Phase, restart.Reason));
        Assert.Equal("a restart that a person asked for", restart.Why);

        var back = Canary.After(Bake).Settle().Apply(Web("1.0")).Plan().Rollouts.Values.Single()!;
        Assert.Equal(
            (RolloutPhase.RollingBack, "the spec says again what ran before rollout 2"), (back.Phase, back.Reason));
    }

    [Fact]
    public void A_restart_that_fails_has_nothing_to_go_back_to_and_halts()
    {
        var world = Running.Intend(Running.State.IntentOf(Name) with { Restarts = 1 });
        world = Crash(world.Commit(world.Plan()).Run(), "web.4").Settle();

        var rollout = world.RolloutOf("web");
        Assert.Equal(RolloutPhase.Halted, rollout.Phase);
        Assert.Equal("web.4 on host2 ended by itself with 1.0: how is not known", rollout.Reason);
    }

    [Fact]
    public void What_is_to_be_ready_within_a_time_of_its_own_is_looked_at_when_that_is_over()
    {
        var world = Running.Apply(Web("2.0") with { Update = Specs.NoneAway with { ReadyWithin = TimeSpan.FromSeconds(7) } });
        world = world.Commit(world.Plan()).Run(butNotReady: "web.4");

        Assert.Equal(World.Noon.AddSeconds(7), world.Plan().WakeAt);
        Assert.Empty(world.After(TimeSpan.FromSeconds(6)).Plan().News);
        Assert.Equal(
            "rollout 2 of web goes back to 1.0: web.4 on host2 was not ready with 2.0 within 7 s",
            Assert.Single(world.After(TimeSpan.FromSeconds(7)).Plan().News).Text);
    }

    [Fact]
    public void The_end_of_an_instance_that_a_rollout_does_not_change_says_nothing_against_it()
    {
        var vars = ImmutableSortedDictionary<string, string>.Empty.Add("role", "primary");
        var first = new Dictionary<int, ImmutableSortedDictionary<string, string>> { [0] = vars };
        var own = Web("1.0") with { PerInstance = first.ToImmutableSortedDictionary() };
        var world = Running.After(Bake).Apply(own);
        world = world.Commit(world.Plan()).Run();

        Assert.Equal(RolloutPhase.Running, Crash(world, "web.1").Settle().RolloutOf("web").Phase);
    }

    [Fact]
    public void A_halt_is_announced_keeps_its_reason_and_is_watched_no_more()
    {
        var world = Running.Apply(Web("2.0") with { Update = Specs.NoneAway with { Rollback = RollbackMode.Manual } }).Settle();
        Assert.NotNull(world.RolloutOf("web").StageReadyAt);
        world = Crash(world, "web.4").After(TimeSpan.FromSeconds(1));
        Assert.Equal(
            "rollout 2 of web is halted: web.4 on host2 ended by itself with 2.0: how is not known",
            Assert.Single(world.Plan().News).Text);

        world = world.Settle();
        Assert.Equal("web.4 on host2 ended by itself with 2.0: how is not known", world.RolloutOf("web").Reason);
        Assert.Null(world.RolloutOf("web").StageReadyAt);
    }

    [Fact]
    public void What_is_taken_back_has_the_time_to_get_ready_from_then_on()
    {
        var world = Canary.After(Bake).Say("web", w => w with { Aborted = true });
        var rollout = world.Plan().Rollouts.Values.Single()!;

        Assert.Equal((World.Noon + Bake, null), (rollout.StageSince, rollout.StageReadyAt));
        Assert.Equal(("1.0", "2.0"), (rollout.To.Release.Version.Value, rollout.Refused!.Release.Version.Value));
    }

    private static World Halted
    {
        get
        {
            var policy = Specs.NoneAway with { Rollback = RollbackMode.Manual };
            var world = Running.Apply(Web("2.0") with { Update = policy });
            world = Crash(Crash(world.Commit(world.Plan()).Run(), "web.4"), "web.0");
            return world.Commit(world.Plan());
        }
    }

    [Fact]
    public void Who_resumes_excuses_what_has_ended_of_the_new_ones_and_nothing_else()
    {
        var world = Halted.After(Bake).Say("web", w => w with { Resumes = 1 });
        Assert.Equal("rollout 2 of web goes on: ann says so", Assert.Single(world.Plan().News).Text);

        world = world.Commit(world.Plan());
        var rollout = world.RolloutOf("web");
        Assert.Equal((RolloutPhase.Running, null, World.Noon + Bake), (rollout.Phase, rollout.Reason, rollout.StageSince));
        Assert.Equal("web.4", Assert.Single(rollout.Excused).Key.Value);
        Assert.Equal(RolloutPhase.Running, world.Commit(world.Plan()).RolloutOf("web").Phase);

        var again = world.Report("web.4", s => s with { CrashesSinceChange = 2 });
        Assert.Equal(RolloutPhase.Halted, again.Commit(again.Plan()).RolloutOf("web").Phase);
    }

    [Fact]
    public void A_way_back_that_is_done_says_so_and_a_stop_ends_it_at_once()
    {
        var back = Canary.Say("web", w => w with { Aborted = true });
        back = back.Commit(back.Plan());
        var stopped = back.After(Bake).Intend(back.State.IntentOf(Name) with { Stopped = true });
        var rollout = stopped.Commit(stopped.Plan()).RolloutOf("web");
        Assert.Equal((RolloutPhase.Completed, World.Noon + Bake), (rollout.Phase, rollout.EndedAt));

        var news = new List<string>();
        for (var round = 0; round < 10; round++)
        {
            news.AddRange(back.Plan().News.Select(n => n.Text));
            back = back.Commit(back.Plan()).Run();
        }

        Assert.Equal(["web runs 1.0 again, since ann aborted it"], news);
    }

    [Fact]
    public void A_phase_of_a_newer_build_holds_and_nothing_is_touched()
    {
        var world = Canary.Put(
            StoreKeys.Rollout(Name), Canary.RolloutOf("web") with { Phase = RolloutPhase.Unknown }, WireJson.Default.Rollout);

        Assert.Empty(world.After(Bake).Plan().Steps);
        Assert.Equal(HoldReason.Unreadable, Assert.Single(world.Plan().Holds).Reason);
    }
}
