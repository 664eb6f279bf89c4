using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class ServicePlanTests
{
    private static readonly ServiceName Web = new("web");

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

    private static ServicePlan Of(World world) => new(
        new Planning(world.State, world.Naming, world.Now), new Board(world.State), world.State.Applied!.Spec.Find(Web)!,
        world.State.Applied);

    private static PlacedOn First(ServicePlan plan) => plan.Board.Of(Web).First();

    [Fact]
    public void The_earliest_time_of_several_is_when_to_plan_again()
    {
        var plan = Of(Running);
        Assert.Null(plan.WakeAt);
        plan.WakeBy(World.Noon.AddSeconds(5));
        plan.WakeBy(World.Noon.AddSeconds(3));
        plan.WakeBy(World.Noon.AddSeconds(4));

        Assert.Equal(World.Noon.AddSeconds(3), plan.WakeAt);
    }

    [Fact]
    public void What_was_withdrawn_and_is_not_to_be_stopped_now_is_listed_again_and_what_is_stays_withdrawn()
    {
        var plan = Of(Running);
        plan.Remove(First(plan), "it moves");
        Assert.Equal(World.Noon, First(plan).Placement.DrainingSince);
        plan.ListTheRest();
        Assert.Equal(World.Noon, First(plan).Placement.DrainingSince);

        var world = Running.Commit(new Plan { Placements = [.. plan.Board.Changed()] });
        var later = Of(world);
        later.ListTheRest();
        Assert.Null(First(later).Placement.DrainingSince);
        Assert.Equal("web.0 on host1: is listed again: it is not to be stopped now", Assert.Single(later.Steps).Text);
    }

    [Fact]
    public void A_change_keeps_on_which_side_it_is_and_begins_its_time_anew()
    {
        var world = Running.After(TimeSpan.FromSeconds(9));
        var plan = Of(world);
        plan.List(First(plan), unlisted: true, refuse: true, "is hidden");
        var hidden = First(plan).Placement;
        Assert.Equal((true, true, null), (hidden.Unlisted, hidden.Refuse, hidden.DrainingSince));

        var stopped = Of(Running.Intend(ServiceIntent.Of(Web) with { Stopped = true }).Settle()
            .After(TimeSpan.FromSeconds(9)).Intend(ServiceIntent.Of(Web)));
        stopped.List(First(stopped), unlisted: true, refuse: true, "is hidden");
        var target = stopped.State.Rollouts[Web].To;
        stopped.Change(First(stopped), target with { Digest = Digest.Of("other"u8) }, "gets it");
        var placement = First(stopped).Placement;
        Assert.Equal((Digest.Of("other"u8), true, null), (placement.Spec, placement.Unlisted, placement.Refuse));
        Assert.Equal((World.Noon.AddSeconds(9), WantedPhase.Running), (placement.Since, placement.Wanted));
    }

    [Fact]
    public void What_the_limit_of_the_drain_cut_off_says_who_was_late()
    {
        var plan = Of(Running);
        plan.Remove(First(plan), "it moves");
        var world = Running.Commit(new Plan { Placements = [.. plan.Board.Changed()] }).After(TimeSpan.FromSeconds(30));

        var over = Of(world);
        over.Remove(First(over), "it moves");
        Assert.Equal(
            "web.0 leaves host1: it moves, though not everybody has confirmed within 30 s", Assert.Single(over.Steps).Text);
    }

    /// <summary>Its agent is about to stop it; asked for just that again, it is listed only when another one runs.</summary>
    [Fact]
    public void What_is_placed_where_it_still_runs_ends_first()
    {
        var world = Running.Speaking();
        var placed = First(Of(world));
        world = world.Put(
            StoreKeys.Placements(placed.Host), world.State.Placements[placed.Host] with { Instances = [] },
            WireJson.Default.HostPlacements);
        var plan = Of(world);
        plan.Place(placed.Placement.Instance, placed.Host, world.RolloutOf("web").To);

        Assert.Equal(new Incarnation(1), First(plan).Placement.Ends);
        Assert.DoesNotContain(
            world.Commit(new Plan { Placements = [.. plan.Board.Changed()] }).Naming.SetOf(Web).Endpoints,
            e => e.Instance == placed.Placement.Instance);
    }
}
