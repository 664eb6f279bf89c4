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
    public void An_instance_on_a_silent_host_holds_up_its_own_end_and_no_stage()
    {
        var world = Canary.Silence("host3").After(TimeSpan.FromSeconds(10)).Settle().After(TimeSpan.FromSeconds(10)).Settle();

        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.HostSilent);
    }
}
