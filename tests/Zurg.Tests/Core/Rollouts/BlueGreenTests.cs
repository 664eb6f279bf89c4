using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class BlueGreenTests
{
    private static readonly ServiceName Name = new("web");
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private static ServiceSpec Web(string version, bool strict = false) => Specs.Service("web", 2, version) with
    {
        Update = Specs.NoneAway with { BlueGreen = new BlueGreenPolicy(Kept, strict) },
    };

    private static World Both(bool strict = false) => World.Of("host1@az1", "host2@az2")
        .Apply(Web("1.0", strict)).Settle().Apply(Web("2.0", strict)).Settle();

    private static ServiceSpec OneAway(string version) =>
        Web(version) with { Update = Web(version).Update with { MaxUnavailable = 1 } };

    private static World Decide(World world) => world.Commit(world.Plan());

    private static string Serving(World world) =>
        string.Join(' ', world.Naming.SetOf(Name).Endpoints.Select(e => e.Instance.Value));

    [Fact]
    public void The_new_side_is_started_beside_the_old_one_and_serves_nobody()
    {
        Assert.Equal("host1: web.0 web.2; host2: web.1 web.3", Both().Placed());
        Assert.Equal("web.0 web.1", Serving(Both()));
        Assert.Equal(HoldReason.Baking, Assert.Single(Both().Plan().Holds).Reason);
    }

    [Fact]
    public void The_switch_is_one_step_in_which_nobody_is_missing()
    {
        var world = Both().After(Bake);
        world = world.Commit(world.Plan());

        Assert.Equal("web.2 web.3", Serving(world));
        Assert.Equal(4, world.State.Placements.Values.Sum(h => h.Instances.Length));
    }

    [Fact]
    public void The_way_back_is_as_quick_while_the_old_side_is_kept()
    {
        var world = Both().After(Bake).Settle().Say("web", w => w with { Aborted = true });
        world = world.Commit(world.Plan());
        Assert.Equal("web.0 web.1", Serving(world));

        world = world.Settle();
        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
        Assert.Equal("1.0", world.RolloutOf("web").To.Release.Version.Value);
    }

    [Fact]
    public void A_host_that_comes_back_at_the_end_gets_the_new_one_too()
    {
        var service = Web("1.0") with { Scale = new ScaleSpec { PerHost = 1 } };
        var before = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(service).Settle();
        var world = before.Lose("host3").Apply(service.With(i => i with { Release = Id.Parse<ReleaseId>("web@2.0") })).Settle();
        world = world.After(Bake).Settle().After(Kept);
        world = world.Commit(world.Plan());
        Assert.Equal((RolloutPhase.Running, 2), (world.RolloutOf("web").Phase, world.RolloutOf("web").Allowed));

        world = world.Return("host3", before).Settle();
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.Single(world.State.Placements.Values.SelectMany(h => h.Instances).Select(p => p.Spec).Distinct());
        Assert.Equal(3, world.Naming.SetOf(Name).Endpoints.Length);
    }

    [Fact]
    public void Then_the_old_side_gets_the_new_one_and_the_spare_side_leaves()
    {
        var world = Both().After(Bake).Settle();
        Assert.Empty(world.After(Kept - TimeSpan.FromSeconds(1)).Plan().Steps);

        world = world.After(Kept);
        for (var round = 0; round < 20; round++)
        {
            Assert.True(world.Naming.SetOf(Name).Endpoints.Length >= 2, $"round {round}");
            world = world.Commit(world.Plan()).Run();
        }

        Assert.Equal("host1: web.0; host2: web.1", world.Placed());
        Assert.Equal("web.0 web.1", Serving(world));
        Assert.True(world.Plan().IsConverged);
        Assert.All(world.State.Placements.Values.SelectMany(h => h.Instances), p => Assert.Null(p.Unlisted));
    }

    [Fact]
    public void Something_newer_after_the_switch_never_brings_the_old_side_back()
    {
        var world = Both().After(Bake).Settle();
        Assert.Equal("web.2 web.3", Serving(world));
        world = world.Apply(Web("3.0"));
        Assert.Contains(world.Plan().Holds, h => h.Text.StartsWith("web's next rollout begins when", StringComparison.Ordinal));
        for (var round = 0; round < 100 && !world.Plan().IsConverged; round++)
        {
            world = world.Commit(world.Plan()).Run().After(TimeSpan.FromSeconds(1));
            var versions = world.Naming.SetOf(Name).Endpoints.Select(e => VersionOf(world, e.Instance)).ToList();
            Assert.True(versions.Count >= 2, $"round {round}: {versions.Count} serve");
            Assert.DoesNotContain("1.0", versions);
            world = world.RolloutOf("web") is { Number: 3, SwitchedAt: not null }
                ? world.Say("web", w => w with { Promotes = 1 }) : world;
        }

        Assert.Equal("web.0 web.1", Serving(world));
        Assert.Equal("3.0", VersionOf(world, InstanceId.Parse("web.0")));
    }

    private static string VersionOf(World world, InstanceId instance) => world.State.InstanceSpecs[
        world.State.Placements.Values.SelectMany(h => h.Instances).Single(p => p.Instance == instance).Spec]
        .Release.Version.Value;

    /// <summary>Found by the simulator: nobody had the old one any more, and the new side waited for room for ever.</summary>
    [Fact]
    public void Where_everybody_has_it_already_there_is_nothing_to_switch()
    {
        var world = Both().After(Bake).Settle().Say("web", w => w with { PromoteAll = true }).Settle();
        var done = world.RolloutOf("web");
        var again = done with
        {
            Phase = RolloutPhase.Running, Number = 3, SwitchedAt = null, Allowed = 0, StartedAt = world.Now.AddSeconds(1),
        };
        world = world.After(TimeSpan.FromSeconds(1)).Put(StoreKeys.Rollout(Name), again, WireJson.Default.Rollout).Settle();

        Assert.Equal((RolloutPhase.Completed, "web.0 web.1"), (world.RolloutOf("web").Phase, Serving(world)));
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void A_new_side_that_fails_before_the_switch_is_taken_away_and_nobody_has_met_it()
    {
        var world = Both().Report("web.2", s => s with { CrashesSinceChange = 1 });
        world = world.Commit(world.Plan());

        Assert.Equal("web.0 web.1", Serving(world));
        Assert.Equal("host1: web.0; host2: web.1", world.Settle().Placed());
    }

    [Fact]
    public void Strict_the_new_side_answers_only_when_everybody_of_the_old_one_refuses()
    {
        var world = Both(strict: true).After(Bake);
        world = world.Commit(world.Plan());
        Assert.Equal("", Serving(world));
        Assert.All(["host1", "host2"], h => Assert.Contains(
            AssignmentView.Of(world.State, new HostId(h))!.Instances, i => i.Refuse is true));

        world = world.Report("web.0", s => s with { Refuses = true });
        Assert.Equal("", Serving(world.Commit(world.Plan())));
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text == "the new side of web waits until the old one refuses: web.1 on host2 has not said so yet");

        world = world.Report("web.1", s => s with { Refuses = true });
        Assert.Equal("web.2 web.3", Serving(world.Commit(world.Plan())));
    }

    [Fact]
    public void Strict_one_that_cannot_be_told_holds_until_a_person_goes_back()
    {
        var world = Both(strict: true).After(Bake);
        world = world.Commit(world.Plan()).After(TimeSpan.FromDays(1));
        Assert.Equal("", Serving(world.Settle()));

        var back = world.Say("web", w => w with { Aborted = true });
        Assert.Equal("web.0 web.1", Serving(back.Commit(back.Plan())));
    }

    /// <summary>Found by the simulator: it was the only one that served, and was hidden as a part of the new side.</summary>
    [Fact]
    public void What_stands_in_with_the_new_release_already_is_not_hidden()
    {
        var staged = Specs.Service("web", 2, "2.0") with { Update = Specs.NoneAway };
        var world = World.Of("host1@az1", "host2@az2").Apply(Web("1.0")).Settle().Apply(staged).Settle();
        Assert.Equal("web.0 web.1 web.2", Serving(world));

        world = world.After(TimeSpan.FromSeconds(1)).Apply(Web("1.0"));
        world = world.Commit(world.Plan()).Run("web.0", "web.1").After(TimeSpan.FromSeconds(1)).Apply(Web("2.0"));
        world = world.Commit(world.Plan());

        Assert.Contains("web.2", Serving(world), StringComparison.Ordinal);
    }

    private static ServiceSpec Four(bool strict = false) =>
        Web("2.0", strict) with { Scale = new ScaleSpec { Instances = 4 } };

    [Fact]
    public void More_instances_in_the_middle_of_it_show_nobody_of_the_new_side_before_the_switch()
    {
        var world = Both().Apply(Four()).Settle();
        Assert.Equal("web.0 web.1", Serving(world));
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=2.0 web.3=2.0 web.4=2.0 web.5=2.0", world.Versions("web"));

        world = world.After(Bake);
        world = world.Commit(world.Plan());
        Assert.Equal("web.2 web.3 web.4 web.5", Serving(world));

        world = world.After(Kept).Settle();
        Assert.Equal("web.0=2.0 web.1=2.0 web.2=2.0 web.3=2.0", world.Versions("web"));
        Assert.Equal("web.0 web.1 web.2 web.3", Serving(world));
    }

    [Fact]
    public void More_instances_in_the_middle_of_a_strict_one_are_not_asked_to_refuse()
    {
        var world = Both(strict: true).Apply(Four(strict: true)).Settle().After(Bake);
        world = world.Commit(world.Plan());
        Assert.Equal("", Serving(world));

        world = world.Report("web.0", s => s with { Refuses = true }).Report("web.1", s => s with { Refuses = true });
        Assert.Equal("web.2 web.3 web.4 web.5", Serving(world.Commit(world.Plan())));
    }

    [Fact]
    public void What_is_taken_back_is_never_shown_though_more_instances_are_wanted_by_now()
    {
        var world = Both().Apply(Four()).Settle().Report("web.4", s => s with { CrashesSinceChange = 1 });
        for (var round = 0; round < 20; round++)
        {
            world = world.Commit(world.Plan());
            Assert.DoesNotContain(
                world.Naming.SetOf(Name).Endpoints,
                e => world.Versions("web").Contains($"{e.Instance}=2.0", StringComparison.Ordinal));
            world = world.Run();
        }

        Assert.Equal("web.0=1.0 web.1=1.0 web.2=1.0 web.3=1.0", world.Versions("web"));
        Assert.Equal("web.0 web.1 web.2 web.3", Serving(world));
    }

    [Fact]
    public void On_told_hosts_a_gap_in_the_indexes_makes_nobody_of_the_new_side_a_regular_one()
    {
        var daemon = Specs.PerHost("web", 1) with
        {
            Update = Specs.NoneAway with { BlueGreen = new BlueGreenPolicy(Kept, Strict: false) },
        };
        var world = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(daemon).Settle().Empty("host1").Settle();
        Assert.Equal("host2: web.1; host3: web.2", world.Placed());

        world = world.Apply(daemon.Env("A", "1")).Settle();
        Assert.Equal("host2: web.1 web.3; host3: web.2 web.4", world.Placed());
        Assert.Equal("web.1 web.2", Serving(world));
    }

    [Fact]
    public void A_part_of_the_new_side_does_not_take_over_while_one_of_the_old_one_has_no_place()
    {
        var world = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(OneAway("1.0")).Settle().Empty("host1")
            .Apply(OneAway("2.0"));
        world = Decide(Decide(world).Run());
        Assert.Equal("host2: web.1 web.3; host3: web.2", world.Placed());

        var host = world.State.Placements[new HostId("host2")];
        world = world.Low("host2", "no room").Low("host3", "no room").Put(
            StoreKeys.Placements(host.Host),
            host with { Instances = [.. host.Instances.Where(p => p.Instance.Index != 3)] }, WireJson.Default.HostPlacements);
        world = Decide(world.Run()).After(Bake);
        Assert.Equal("host2: web.1; host3: web.2", world.Placed());
        Assert.Null(Decide(world).RolloutOf("web").SwitchedAt);
    }

    [Fact]
    public void Where_all_are_lost_there_is_nobody_to_switch_to()
    {
        var world = Both().Lose("host1").Lose("host2").Settle().After(Bake).Settle();
        Assert.Equal((RolloutPhase.Running, null), (world.RolloutOf("web").Phase, world.RolloutOf("web").SwitchedAt));
    }
}
