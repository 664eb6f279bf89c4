using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>When the sides change places, and what becomes of them when something else happens meanwhile.</summary>
public sealed class BlueGreenCasesTests
{
    private static readonly ServiceName Name = new("web");
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private static UpdatePolicy Sides(bool strict = false) =>
        Specs.NoneAway with { BlueGreen = new BlueGreenPolicy(Kept, strict) };

    private static ServiceSpec Web(string version, UpdatePolicy? policy = null, int instances = 2) =>
        Specs.Service("web", instances, version) with { Update = policy ?? Sides() };

    private static World Both(UpdatePolicy? policy = null, int instances = 2) => World.Of("host1@az1", "host2@az2")
        .Apply(Web("1.0", policy, instances)).Settle().Apply(Web("2.0", policy, instances)).Settle();

    private static World Switched => Both().After(Bake).Settle();

    private static string Serving(World world) =>
        string.Join(' ', world.Naming.SetOf(Name).Endpoints.Select(e => e.Instance.Value));

    private static World Step(World world) => world.Commit(world.Plan()).Run();

    private static World Alive(World world, int rounds = 25)
    {
        for (var round = 0; round < rounds; round++)
        {
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(Name).Endpoints.Length >= 2, $"round {round}: {Serving(world)}");
            world = world.Run();
        }

        Assert.All(
            world.State.Placements.Values.SelectMany(h => h.Instances),
            p => Assert.Equal((null, null), (p.Unlisted, p.Refuse)));
        Assert.Equal("web.0 web.1", Serving(world));
        return world;
    }

    [Fact]
    public void A_hold_beside_an_instance_that_serves_does_not_hide_it()
    {
        var world = Switched.After(Kept);
        for (var round = 0; round < 25 && !Serving(world).Contains("web.0", StringComparison.Ordinal); round++)
        {
            world = Step(world);
        }

        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
        var hold = new Hold(HoldReason.WaitsForReload, "a process from before the signal is still there");
        world = world.Report("web.0", s => s with { Hold = hold });
        Assert.Contains("web.0", Serving(world.Commit(world.Plan())), StringComparison.Ordinal);
    }

    [Fact]
    public void It_switches_only_when_all_of_the_new_side_are_there_and_ready()
    {
        var slow = World.Of("host1@az1", "host2@az2").Apply(Web("1.0")).Settle().Apply(Web("2.0"))
            .Settle("web.3").After(Bake).Settle("web.3");
        Assert.Equal("web.0 web.1", Serving(slow));

        var policy = Sides() with { MaxUnavailable = 1 };
        var full = new World().Join("host1@az1", memory: 3L << 30).Apply(Web("1.0", policy).Memory(1L << 30)).Settle()
            .Apply(Web("2.0", policy).Memory(1L << 30)).Settle().After(Bake).Settle();
        Assert.Equal("host1: web.0 web.1 web.2", full.Placed());
        Assert.Equal("web.0 web.1", Serving(full));
        Assert.Contains(
            full.Plan().Holds,
            h => h.Reason == HoldReason.NoRoomForSpare && h.Mend!.Contains("the new side needs", StringComparison.Ordinal));
    }

    [Fact]
    public void The_watch_begins_anew_when_one_of_the_new_side_falls_silent()
    {
        Assert.Equal(World.Noon, Both().RolloutOf("web").StageReadyAt);
        var silent = Both().Silence("host2");

        Assert.Null(silent.Commit(silent.Plan()).RolloutOf("web").StageReadyAt);
    }

    [Fact]
    public void A_person_switches_at_once_the_old_side_is_kept_and_the_next_word_finishes_it()
    {
        Assert.Equal("web.0 web.1", Serving(Step(Both().Say("web", w => w))));
        var switched = Step(Both().Say("web", w => w with { Promotes = 1 }));
        Assert.Equal("web.2 web.3", Serving(switched));
        Assert.Empty(switched.Plan().Steps);
        Assert.Equal(
            ["the new side of web serves; the old one runs on until 12:10:00 UTC"], switched.Plan().Holds.Select(h => h.Text));

        Assert.Equal("host1: web.0; host2: web.1", Alive(switched.Say("web", w => w with { Promotes = 2 })).Placed());
        Assert.Equal("host1: web.0; host2: web.1", Alive(Both().Say("web", w => w with { PromoteAll = true })).Placed());
    }

    [Fact]
    public void By_hand_it_waits_for_ever()
    {
        var world = Both(Sides() with { ManualPromotion = true }).After(TimeSpan.FromDays(1)).Settle();

        Assert.Equal("web.0 web.1", Serving(world));
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal("the new side of web is ready; a person switches to it", hold.Text);
        Assert.Equal(HoldReason.WaitsForPromotion, hold.Reason);
    }

    [Fact]
    public void One_instance_has_two_sides_too()
    {
        var world = Both(instances: 1).After(Bake).Settle();
        Assert.Equal("web.1", Serving(world));

        world = world.After(Kept).Settle();
        Assert.Equal("web.0", Serving(world));
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void One_that_began_so_ends_so_though_the_spec_says_it_no_more()
    {
        var world = Both(Sides(strict: true)).After(Bake).Apply(Web("2.0", Specs.NoneAway));
        Assert.Equal("web.2 web.3", Serving(Step(world)));
        Assert.Equal("host1: web.0; host2: web.1", Alive(Step(world)).Placed());
    }

    [Fact]
    public void While_it_is_halted_the_new_side_stays_hidden()
    {
        var world = Both(Sides() with { Rollback = RollbackMode.Manual });
        world = world.Report("web.2", s => s with { CrashesSinceChange = 1 }).Settle().After(TimeSpan.FromDays(1)).Settle();

        Assert.Equal(RolloutPhase.Halted, world.RolloutOf("web").Phase);
        Assert.Equal("web.0 web.1", Serving(world));
        Assert.Equal("host1: web.0 web.2; host2: web.1 web.3", world.Placed());
    }

    [Fact]
    public void An_abort_while_the_old_side_gets_the_new_one_leaves_nobody_without_an_instance()
    {
        var world = Step(Step(Switched.After(Kept)));
        Assert.True(world.State.Placements.Values.Sum(h => h.Instances.Length) == 4);

        world = Alive(world.Say("web", w => w with { Aborted = true }));
        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
        Assert.Equal("1.0", world.RolloutOf("web").To.Release.Version.Value);
    }

    [Fact]
    public void With_fewer_instances_at_the_same_time_what_is_too_many_is_no_part_of_the_new_side()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Web("1.0", instances: 3)).Settle().Apply(Web("2.0")).Settle();
        Assert.Equal("web.0 web.1", Serving(world));

        world = world.After(Bake).Settle();
        Assert.Equal(2, world.Naming.SetOf(Name).Endpoints.Length);
        Assert.DoesNotContain("web.0", Serving(world), StringComparison.Ordinal);
    }

    [Fact]
    public void Strict_one_that_has_ended_refuses_too_and_in_the_end_nobody_does()
    {
        var world = Both(Sides(strict: true)).After(Bake);
        world = world.Commit(world.Plan())
            .Report("web.0", s => s with { Refuses = true }).Report("web.1", s => s with { Pid = null });
        world = world.Commit(world.Plan());
        Assert.Equal("web.2 web.3", Serving(world));

        Assert.Equal("host1: web.0; host2: web.1", Alive(world.Run().After(Kept)).Placed());
    }

    [Fact]
    public void Each_time_that_matters_is_planned_for_and_each_turn_is_told()
    {
        Assert.Equal(World.Noon + Bake, Both().Plan().WakeAt);
        Assert.Equal("rollout 2 of web: the new side takes over", Assert.Single(Both().After(Bake).Plan().News).Text);
        var rollout = Switched.RolloutOf("web");
        Assert.Equal((World.Noon + Bake, null), (rollout.SwitchedAt, rollout.StageReadyAt));
        Assert.Equal(World.Noon + Bake, rollout.StageSince);
        Assert.Equal(World.Noon + Bake + Kept, Switched.Plan().WakeAt);

        var (world, news) = (Switched.After(Kept), new List<string>());
        for (var round = 0; round < 20; round++)
        {
            news.AddRange(world.Plan().News.Select(n => n.Text));
            world = Step(world);
        }

        Assert.Equal(["rollout 2 of web is complete"], news);
        Assert.Equal(World.Noon + Bake + Kept, world.RolloutOf("web").EndedAt);
    }

    [Fact]
    public void Strict_who_has_not_refused_yet_is_named_and_the_others_are_counted()
    {
        var world = Both(Sides(strict: true)).After(Bake);
        var closed = world.Commit(world.Plan());

        Assert.Null(closed.RolloutOf("web").StageReadyAt);
        var hold = closed.Plan().Holds.First(h => h.Reason == HoldReason.WaitsForOtherSide);
        Assert.Equal(
            "the new side of web waits until the old one refuses: web.0 on host1 has not said so yet, nor have 1 more",
            hold.Text);
        Assert.Equal((Name, new InstanceId(Name, 0), new HostId("host1")), (hold.Service, hold.Instance, hold.Host));
        Assert.Contains(world.Plan().Steps, s => s.Text
            == "web.0 on host1: refuses new requests: the other side is about to take over");
    }
}
