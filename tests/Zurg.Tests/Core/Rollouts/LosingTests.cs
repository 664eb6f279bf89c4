using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>zurg lost HOST: what a burnt machine ran starts elsewhere, and nothing waits for it.</summary>
public sealed class LosingTests
{
    private static readonly ServiceName Name = new("web");

    private static readonly UpdatePolicy Slow = Specs.OneAway with { Canary = 1, Batch = "1", Bake = TimeSpan.FromSeconds(10) };

    private static World Three => World.Of("host1@az1", "host2@az2", "host3@az3");

    private static World Running => Three.Apply(Specs.Service("web", 3)).Settle();

    private static string[] Listed(World world) =>
        [.. world.Naming.SetOf(Name).Endpoints.Select(e => $"{e.Instance}@{e.Host}")];

    [Fact]
    public void A_silent_host_keeps_everything_and_a_lost_one_loses_it_at_once_without_a_drain()
    {
        Assert.Empty(Running.Silence("host2").Plan().Steps);

        var world = Running.Lose("host2");
        Assert.Equal(["web.0@host1", "web.2@host3"], Listed(world));
        Assert.Equal(
            "web.1 leaves host2: host2 is lost, by word of ann",
            Assert.IsType<Step.Remove>(Assert.Single(world.Plan().Steps)).Text);

        world = world.Settle();
        Assert.Equal("host1: web.0 web.1; host3: web.2", world.Placed());
        Assert.True(world.Plan().IsConverged);
    }

    /// <summary>The commits of one plan may end after any of them.</summary>
    [Fact]
    public void No_plan_takes_an_instance_from_one_host_and_gives_it_to_another()
    {
        var world = Running.Lose("host2");
        for (var round = 0; round < 5; round++)
        {
            var plan = world.Plan();
            var leaving = plan.Steps.OfType<Step.Remove>().Select(s => s.Instance);
            Assert.Empty(leaving.Intersect(plan.Steps.OfType<Step.Place>().Select(s => s.Instance)));
            world = world.Commit(plan).Run();
        }

        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void No_more_leave_than_fit_elsewhere_and_the_rest_waits_for_room_or_for_the_host()
    {
        var big = Specs.Service("web", 4).Memory(3L << 30);
        var world = World.Of("host1@az1").Join("host2@az2", memory: 9L << 30).Apply(big).Settle();
        Assert.Equal("host1: web.0 web.2; host2: web.1 web.3", world.Placed());

        // 8 GiB hold two of them; a third one's room is on a host that joins now.
        world = world.Join("host3@az3", memory: 4L << 30).Lose("host2").Settle();
        Assert.Equal("host1: web.0 web.2; host2: web.3; host3: web.1", world.Placed());
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal((HoldReason.HostLost, "web.3"), (hold.Reason, hold.Instance?.Value));
        Assert.StartsWith(
            "web.3 runs nowhere: host2 has been lost since 12:00:00 UTC, by word of ann", hold.Text, StringComparison.Ordinal);
        Assert.Contains("of memory not yet promised", hold.Text, StringComparison.Ordinal);

        Assert.Equal(4, world.Join("host4@az1").Settle().Naming.SetOf(Name).Endpoints.Length);
    }

    [Fact]
    public void An_instance_that_is_pinned_to_it_keeps_its_place_and_says_so()
    {
        var world = Three.Apply(Specs.Pinned("web", "host1", "host2")).Settle().Lose("host2");

        Assert.Empty(world.Plan().Steps);
        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal(HoldReason.HostLost, hold.Reason);
        Assert.EndsWith("and its spec names just that host", hold.Text, StringComparison.Ordinal);
        Assert.Equal("take it out of hosts: in cluster.yaml; or start the agent of host2 again", hold.Mend);

        world = world.Apply(Specs.Pinned("web", "host1")).Settle();
        Assert.Equal("host1: web.0", world.Placed());
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void Those_that_a_lost_host_is_to_replace_serve_on()
    {
        var world = Running.Lose("host1").Apply(Specs.Pinned("web", "host1", "host2")).Settle();

        Assert.Equal(["web.1@host2", "web.2@host3"], Listed(world));
    }

    [Fact]
    public void Of_per_host_nothing_is_missing_and_it_goes_on_when_the_host_is_back()
    {
        var before = Three.Apply(Specs.PerHost("web", 1)).Settle();
        var world = before.Lose("host2");

        Assert.True(world.Plan().IsConverged);
        Assert.Equal((2, 2), (StatusOf(world).Wanted, StatusOf(world).Ready));
        Assert.Equal(["web.0@host1", "web.2@host3"], Listed(world));

        world = world.Return("host2", before);
        Assert.Equal(3, Listed(world).Length);
        Assert.Empty(world.Plan().Steps);
    }

    [Fact]
    public void A_host_that_comes_back_lists_nothing_that_was_replaced()
    {
        var before = Running;
        var world = before.Lose("host2");
        world = world.Commit(world.Plan());
        Assert.Equal(["web.0@host1", "web.2@host3"], Listed(world.Return("host2", before)));

        world = world.Settle().Return("host2", before);
        Assert.Equal(["web.0@host1", "web.1@host1", "web.2@host3"], Listed(world));
        Assert.Contains(
            world.Plan().Holds,
            h => h is { Reason: HoldReason.WaitsForDrain, Instance.Value: "web.1" } && h.Host == new HostId("host2"));
    }

    /// <summary>Its agent may have lost its journal: nobody knows then what of it still runs there.</summary>
    [Fact]
    public void A_host_that_is_back_gets_nothing_new_before_it_has_given_up_what_was_replaced()
    {
        var before = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();
        var world = before.Lose("host2");
        world = world.Commit(world.Plan()).Low("host1", "disk is full").Return("host2", before);
        Assert.Empty(world.Plan().Steps);
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text.Contains("it is back and has yet to give up what was replaced (host2)", StringComparison.Ordinal));

        var facts = world.State.Facts[new HostId("host2")] with { ReturnedAt = null };
        world = world.Put(StoreKeys.Facts(facts.Host), facts, WireJson.Default.HostFacts);
        Assert.Equal("web.1 is placed on host2", Assert.Single(world.Plan().Steps).Text);
    }

    [Fact]
    public void A_rollout_goes_on_without_it_and_skips_no_watch_because_of_it()
    {
        var world = Three.Apply(Specs.Service("web", 2) with { Update = Slow }).Settle()
            .Apply(Specs.Service("web", 2, "2.0") with { Update = Slow }).Settle();
        Assert.Equal(1, world.RolloutOf("web").Allowed);

        // The canary is web.0. What is lost is all that has still the old release.
        world = world.Lose("host2").Settle();
        Assert.Equal((RolloutPhase.Running, 1), (world.RolloutOf("web").Phase, world.RolloutOf("web").Allowed));
        Assert.Equal("1.0 2.0", Releases(world));

        world = world.After(TimeSpan.FromSeconds(10)).Settle();
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.Equal("2.0", Releases(world));
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void A_rollout_ends_though_an_instance_has_no_place_any_more()
    {
        var pinned = Specs.Pinned("web", "host1", "host2", "host3") with { Update = Slow with { MaxUnavailable = 2 } };
        var world = Three.Apply(pinned).Settle();
        world = world.Apply(pinned.With(i => i with { Release = Id.Parse<ReleaseId>("web@2.0") })).Settle();
        world = world.Lose("host3").Settle();
        world = Enumerable.Range(0, 3).Aggregate(world, (w, _) => w.After(TimeSpan.FromSeconds(10)).Settle());

        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.Equal(HoldReason.HostLost, Assert.Single(world.Plan().Holds).Reason);
    }

    [Fact]
    public void What_is_lost_and_not_replaced_counts_as_away()
    {
        var pinned = Specs.Pinned("web", "host1", "host2") with { Update = Specs.OneAway };
        var world = Three.Apply(pinned).Settle().Lose("host2")
            .Apply(pinned.With(i => i with { Release = Id.Parse<ReleaseId>("web@2.0") })).Settle();

        Assert.Equal(["web.0@host1"], Listed(world));
        Assert.Equal("1.0", Releases(world));
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.WaitsForTurn);
    }

    [Fact]
    public void Spare_instances_of_it_are_given_up_and_others_stand_in()
    {
        var update = Specs.NoneAway with { Canary = 0, Batch = "1" };
        var world = Three.Apply(Specs.Service("web", 2) with { Update = update }).Settle()
            .Apply(Specs.Service("web", 2, "2.0") with { Update = update });
        world = world.Commit(world.Plan());
        world = world.Commit(world.Plan()).Run();
        Assert.Contains("host3: web.2", world.Placed(), StringComparison.Ordinal);

        world = world.Lose("host3").Settle();
        world = Enumerable.Range(0, 4).Aggregate(world, (w, _) => w.After(TimeSpan.FromSeconds(10)).Settle());
        Assert.Equal(RolloutPhase.Completed, world.RolloutOf("web").Phase);
        Assert.Equal(["web.0@host1", "web.1@host2"], Listed(world));
    }

    [Fact]
    public void What_is_stopped_keeps_a_place_too()
    {
        var world = Running.Intend(ServiceIntent.Of(Name) with { Stopped = true }).Settle().Lose("host2").Settle();

        Assert.Equal("host1: web.0 web.1; host3: web.2", world.Placed());
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void A_lost_host_that_was_being_emptied_is_empty()
    {
        var world = Running.Empty("host2").Lose("host2").Settle();
        Assert.DoesNotContain("host2", world.Placed(), StringComparison.Ordinal);
        Assert.True(world.Plan().IsConverged);

        var daemon = Three.Apply(Specs.PerHost("web", 1)).Settle().Empty("host2").Lose("host2").Settle();
        Assert.Equal("host1: web.0; host3: web.2", daemon.Placed());
    }

    /// <summary>Nobody sees it there any more, and nothing waits for its end.</summary>
    [Fact]
    public void A_service_that_is_retired_leaves_a_lost_host_at_once()
    {
        var world = Three.Apply(Specs.PerHost("web", 1)).Settle().Lose("host2")
            .Intend(ServiceIntent.Of(Name) with { Retired = new RetiredIntent(World.Noon, "ann") }).Settle();

        Assert.Equal("", world.Placed());
    }

    private static ServiceStatus StatusOf(World world) =>
        StatusView.Of(world.State, world.Naming, world.Now).Services.Single(s => s.Service == Name);

    private static string Releases(World world) => string.Join(' ', world.State.Placements
        .Where(h => !world.State.IsLost(h.Key)).SelectMany(h => h.Value.Instances)
        .Select(p => world.State.InstanceSpecs[p.Spec].Release.Version.Value).Distinct().Order());
}
