using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>Four instances, nobody may be away, one spare, canary of one, batches of two, ten seconds of bake.</summary>
public sealed class RolloutMachineTests
{
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);

    private static ServiceSpec Web(string version) => Specs.Service("web", 4, version) with { Update = Specs.NoneAway };

    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Web("1.0")).Settle();

    private static World Canary => Running.Apply(Web("2.0")).Settle();

    private static string[] On(World world, string version) =>
    [
        .. world.State.Placements.Values.SelectMany(h => h.Instances)
            .Where(p => world.State.InstanceSpecs[p.Spec].Release.Version.Value == version)
            .Select(p => p.Instance.Value).Order(),
    ];

    [Fact]
    public void What_is_placed_first_needs_no_stages()
    {
        var world = World.Of("host1@az1").Apply(Web("1.0"));

        Assert.Equal(4, world.Plan().Steps.Length);
        var rollout = world.Settle().RolloutOf("web");
        Assert.Equal((1, RolloutPhase.Completed), (rollout.Number, rollout.Phase));
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void The_canary_is_a_spare_instance_and_takes_nothing_away()
    {
        var plan = Running.Apply(Web("2.0")).Plan();

        Assert.Equal("web.4 is placed on host2", Assert.Single(plan.Steps).Text);
        Assert.Equal("release 1.0 -> 2.0 (spec 2 by test)", plan.Rollouts.Values.Single()!.Why);
        Assert.Equal(["web.4"], On(Canary, "2.0"));
        Assert.Equal(5, Canary.Naming.SetOf(new ServiceName("web")).Endpoints.Length);
    }

    [Fact]
    public void The_canary_is_watched_before_the_next_stage()
    {
        var hold = Assert.Single(Canary.Plan().Holds);
        Assert.Equal(HoldReason.Baking, hold.Reason);
        Assert.Equal(World.Noon + Bake, Canary.Plan().WakeAt);
        Assert.Empty(Canary.After(Bake - TimeSpan.FromMilliseconds(1)).Plan().Steps);

        var batch = Canary.After(Bake).Settle();
        Assert.Equal(["web.0", "web.1", "web.2", "web.4"], On(batch, "2.0"));
    }

    [Fact]
    public void All_have_it_and_the_spare_one_is_gone_in_the_end()
    {
        var world = Canary.After(Bake).Settle().After(Bake).Settle();

        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(world, "2.0"));
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void At_no_moment_is_one_missing()
    {
        var world = Canary.After(Bake);
        for (var round = 0; round < 100; round++)
        {
            Assert.True(world.Naming.SetOf(new ServiceName("web")).Endpoints.Length >= 4, $"round {round}");
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(new ServiceName("web")).Endpoints.Length >= 4, $"round {round}, withdrawn");
            world = world.Run().After(TimeSpan.FromSeconds(1));
        }

        Assert.True(world.Plan().IsConverged);
    }

    public static TheoryData<string, string> Failures => new()
    {
        { "crash", "web.4 on host2 ended by itself with 2.0: exit code 1" },
        { "probe", "the probe of web.4 on host2 fails with 2.0" },
        { "probe, and why", "web.4 on host2 is not ready with 2.0: its probe fails: answered 503" },
        { "hold", "web.4 on host2 cannot run 2.0: bin/run is not in the release" },
        { "late", "web.4 on host2 was not ready with 2.0 within 300 s" },
        { "late, and why", "web.4 on host2 was not ready with 2.0 within 300 s: its probe has not passed yet: answered 503" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_new_instance_that_fails_takes_the_release_back_and_it_is_not_tried_again(string how, string why)
    {
        var world = Fail(how);
        var plan = world.Plan();
        Assert.Equal($"rollout 2 of web goes back to 1.0: {why}", Assert.Single(plan.News).Text);

        world = world.Commit(plan).Run().Settle();
        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(world, "1.0"));
        Assert.Empty(On(world, "2.0"));
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal(
            $"web runs release 1.0, not release 2.0 as the spec says: that was taken back, since {why}", hold.Text);
        Assert.Equal(HoldReason.RolledBack, hold.Reason);
    }

    private static World Fail(string how)
    {
        var world = Running.Apply(Web("2.0"));
        world = world.Commit(world.Plan()).Run(butNotReady: "web.4");
        return how switch
        {
            "crash" => world.Report("web.4", s => s with { CrashesSinceChange = 1, LastExit = Exit(s) }),
            "probe" => world.Report("web.4", s => s with { Phase = InstancePhase.Running, Healthy = false }),
            "probe, and why" => world.Report("web.4", s => s with
            {
                Phase = InstancePhase.Running, Healthy = false,
                Hold = new Hold(HoldReason.ProbeFailing, "its probe fails: answered 503"),
            }),
            "late, and why" => world.After(UpdatePolicy.ReadyWithinUsual).Report("web.4", s => s with
            {
                Hold = new Hold(HoldReason.ProbeFailing, "its probe has not passed yet: answered 503"),
            }),
            "hold" => world.Report("web.4", s => s with
            {
                Phase = InstancePhase.Waiting,
                Hold = new Hold(HoldReason.ExecutableMissing, "bin/run is not in the release"),
            }),
            _ => world.After(UpdatePolicy.ReadyWithinUsual),
        };
    }

    private static InstanceExit Exit(InstanceStatus status) => new()
    {
        Incarnation = status.Incarnation, At = World.Noon, Code = 1, Ran = TimeSpan.FromSeconds(1), Reason = "exit code 1",
        Asked = false,
    };

    [Fact]
    public void Who_goes_on_in_spite_of_a_failing_probe_gives_it_its_time_once_more()
    {
        var manual = Web("2.0") with { Update = Specs.NoneAway with { Rollback = RollbackMode.Manual } };
        var world = Running.Apply(manual);
        world = world.Commit(world.Plan()).Run().Report("web.4", s => s with { Healthy = false });
        world = world.Commit(world.Plan());
        Assert.Equal(RolloutPhase.Halted, world.RolloutOf("web").Phase);

        var resumed = world.After(TimeSpan.FromHours(1)).Say("web", w => w with { Resumes = 1 });
        resumed = resumed.Commit(resumed.Plan());
        Assert.Equal(RolloutPhase.Running, resumed.Commit(resumed.Plan()).RolloutOf("web").Phase);
        Assert.Equal(HoldReason.Baking, Assert.Single(resumed.Run().Settle().Plan().Holds).Reason);

        var late = resumed.After(UpdatePolicy.ReadyWithinUsual);
        Assert.Equal(RolloutPhase.Halted, late.Commit(late.Plan()).RolloutOf("web").Phase);
        Assert.True(resumed.Plan().WakeAt <= late.Now);
    }

    [Fact]
    public void With_rollback_by_hand_a_failure_halts_it_and_a_person_goes_on_or_back()
    {
        var manual = Web("2.0") with { Update = Specs.NoneAway with { Rollback = RollbackMode.Manual } };
        var world = Running.Apply(manual);
        world = world.Commit(world.Plan()).Run().Report("web.4", s => s with { CrashesSinceChange = 1, LastExit = Exit(s) });
        world = world.Commit(world.Plan());

        Assert.Equal(RolloutPhase.Halted, world.RolloutOf("web").Phase);
        Assert.Empty(world.After(TimeSpan.FromHours(1)).Plan().Steps);
        Assert.Equal(HoldReason.RolloutHalted, Assert.Single(world.Plan().Holds).Reason);

        var resumed = world.Say("web", w => w with { Resumes = 1 }).Settle();
        Assert.Equal(RolloutPhase.Running, resumed.RolloutOf("web").Phase);
        Assert.Equal(HoldReason.Baking, Assert.Single(resumed.Plan().Holds).Reason);
        Assert.Equal(
            RolloutPhase.Halted,
            resumed.Report("web.4", s => s with { CrashesSinceChange = 2, LastExit = Exit(s) }).Settle().RolloutOf("web").Phase);

        var back = world.Say("web", w => w with { Aborted = true }).Settle();
        Assert.Equal(4, On(back, "1.0").Length);
        Assert.Empty(On(back, "2.0"));
    }

    [Fact]
    public void While_it_is_paused_nothing_more_is_touched_and_the_time_does_not_go_on()
    {
        var paused = Canary.Say("web", w => w with { Paused = true }).After(Bake * 10);

        Assert.Empty(paused.Plan().Steps);
        Assert.Equal("rollout 2 of web is paused by ann", Assert.Single(paused.Plan().Holds).Text);
        Assert.NotEmpty(paused.Say("web", w => w with { Paused = false }).Settle().Plan().Holds);
        Assert.Equal(4, On(paused.Say("web", w => w with { Paused = false }).Settle(), "2.0").Length);
    }

    [Fact]
    public void A_word_on_an_older_rollout_is_void()
    {
        var world = Canary.Say("web", w => w with { Paused = true }).Apply(Web("3.0")).Settle().After(Bake);

        Assert.Equal(3, world.RolloutOf("web").Number);
        Assert.NotEmpty(world.Plan().Rollouts);
    }

    [Fact]
    public void Promotion_skips_the_wait_and_all_of_it_the_stages()
    {
        Assert.Equal(4, On(Canary.Say("web", w => w with { Promotes = 1 }).Settle(), "2.0").Length);

        var all = Canary.Say("web", w => w with { PromoteAll = true }).Settle();
        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(all, "2.0"));
        Assert.True(all.Plan().IsConverged);
    }

    [Fact]
    public void Promotion_by_hand_waits_for_ever()
    {
        var manual = Web("2.0") with { Update = Specs.NoneAway with { ManualPromotion = true } };
        var world = Running.Apply(manual).Settle().After(TimeSpan.FromDays(1));

        Assert.Equal(HoldReason.WaitsForPromotion, Assert.Single(world.Plan().Holds).Reason);
        Assert.Equal(4, On(world.Say("web", w => w with { Promotes = 1 }).Settle(), "2.0").Length);
    }

    [Fact]
    public void An_abort_brings_back_what_ran_before_and_a_retry_tries_again()
    {
        var back = Canary.After(Bake).Settle().Say("web", w => w with { Aborted = true }).Settle();
        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(back, "1.0"));
        Assert.Contains("since ann aborted it", Assert.Single(back.Plan().Holds).Text, StringComparison.Ordinal);

        var again = back.Say("web", w => w with { Retry = true }).Settle();
        Assert.Equal((3, RolloutPhase.Running), (again.RolloutOf("web").Number, again.RolloutOf("web").Phase));
        Assert.Equal(["web.4"], On(again, "2.0"));
    }

    [Fact]
    public void Another_spec_takes_the_place_of_a_rollout_under_way_and_goes_back_to_what_was_proven()
    {
        var second = Canary.After(Bake).Settle().Apply(Web("3.0")).Settle();
        var rollout = second.RolloutOf("web");
        Assert.Equal(("1.0", "3.0"), (rollout.From.Release.Version.Value, rollout.To.Release.Version.Value));

        var done = second.After(Bake).Settle().After(Bake).Settle().After(Bake).Settle();
        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(done, "3.0"));
        Assert.True(done.Plan().IsConverged);
    }

    [Fact]
    public void The_spec_that_ran_before_is_no_risk_and_needs_no_stages()
    {
        var world = Canary.After(Bake).Settle().Apply(Web("1.0")).Settle();

        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(world, "1.0"));
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void A_restart_that_is_asked_for_while_a_release_is_refused_restarts_what_runs()
    {
        var world = Fail("crash");
        world = world.Commit(world.Plan()).Run().Settle();
        var intent = world.State.IntentOf(new ServiceName("web"));
        world = world.Intend(intent with { Restarts = 1 }).Settle();

        Assert.Equal(["web.0", "web.1", "web.2", "web.3"], On(world, "1.0"));
        Assert.All(world.State.Placements.Values.SelectMany(h => h.Instances), p => Assert.Equal(1, p.Restarts));
        Assert.Equal(HoldReason.RolledBack, Assert.Single(world.Plan().Holds).Reason);
    }

    [Fact]
    public void What_was_taken_back_is_forgotten_once_the_spec_says_again_what_runs()
    {
        var world = Fail("crash");
        world = world.Commit(world.Plan()).Run().Settle();
        Assert.Equal(HoldReason.RolledBack, Assert.Single(world.Plan().Holds).Reason);

        world = world.Apply(Web("1.0")).Settle();
        Assert.True(world.Plan().IsConverged);
        var taken = world.RolloutOf("web");
        Assert.Equal(("2.0", null), (taken.Refused?.Release.Version.Value, taken.StillRefused));   // history says what it was

        world = world.Apply(Web("2.0")).Settle();
        Assert.Equal((taken.Number + 1, RolloutPhase.Running), (world.RolloutOf("web").Number, world.RolloutOf("web").Phase));
    }

    [Fact]
    public void What_an_earlier_build_placed_is_what_the_first_rollout_comes_from()
    {
        var world = Running.PutBytes(StoreKeys.Rollout(new ServiceName("web")), null);
        Assert.Empty(world.Plan().Steps);

        world = world.Apply(Web("2.0")).Settle();
        Assert.Equal(["web.4"], On(world, "2.0"));
        Assert.Equal("1.0", world.RolloutOf("web").From.Release.Version.Value);
    }
}
