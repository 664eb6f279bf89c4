using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RolloutViewTests
{
    private static readonly ServiceName Web = new("web");

    private static World Canary(UpdatePolicy policy) => World.Of("host1@az1", "host2@az2")
        .Apply(Specs.Service("web", 4) with { Update = policy }).Settle()
        .Apply(Specs.Service("web", 4, "2.0") with { Update = policy }).Settle();

    private static RolloutStatus? Of(World world) =>
        RolloutView.Of(new Planning(world.State, world.Naming, world.Now), new Board(world.State), Web);

    [Fact]
    public void It_counts_what_has_come_how_far()
    {
        var status = Of(Canary(Specs.NoneAway))!;

        Assert.Equal((4, 1, 1, 1), (status.Instances, status.OnTarget, status.OnTargetReady, status.Spares));
        Assert.Equal([1, 3, 4], status.Stages.ToArray());
        Assert.Equal(World.Noon.AddSeconds(10), status.BakesUntil);
        Assert.False(status.WaitsForPromotion);
    }

    [Fact]
    public void A_paused_one_bakes_for_nobody()
    {
        var status = Of(Canary(Specs.NoneAway).Say("web", w => w with { Paused = true }))!;

        Assert.True(status.Paused);
        Assert.Null(status.BakesUntil);
    }

    [Fact]
    public void One_that_a_person_lets_on_says_so() =>
        Assert.True(Of(Canary(Specs.NoneAway with { ManualPromotion = true }))!.WaitsForPromotion);

    [Fact]
    public void A_service_that_nobody_knows_has_none() =>
        Assert.Null(Of(new World()));
}
