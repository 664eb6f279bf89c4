using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class BudgetTests
{
    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Specs.Service("web", 3)).Settle();

    private static (Budget Budget, PlacedOn[] Placed) Of(World world, int maxUnavailable)
    {
        PlacedOn[] placed = [.. new Board(world.State).Of(new ServiceName("web"))];
        return (new Budget(world.State, Specs.OneAway with { MaxUnavailable = maxUnavailable }, 3, placed), placed);
    }

    [Fact]
    public void What_may_be_away_may_be_taken_and_no_more()
    {
        var (budget, placed) = Of(Running, maxUnavailable: 2);

        Assert.True(budget.MayTake(placed[0]));
        budget.Take(placed[0]);
        Assert.True(budget.MayTake(placed[1]));
        budget.Take(placed[1]);
        Assert.False(budget.MayTake(placed[2]));
    }

    [Fact]
    public void What_is_down_or_silent_counts_as_away_and_costs_nothing()
    {
        var (budget, placed) = Of(Running.Run(butNotReady: "web.1").Silence("host3"), maxUnavailable: 2);

        Assert.False(budget.MayTake(placed[0]));
        Assert.True(budget.MayTake(placed[1]));
        Assert.True(budget.MayTake(placed[2]));
    }

    [Fact]
    public void What_is_withdrawn_and_not_stopped_could_serve_again_and_is_taken_anew()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0"));
        world = world.Commit(world.Plan());
        var (budget, placed) = Of(world, maxUnavailable: 1);

        Assert.True(budget.Serves(placed[0]));
        Assert.False(Budget.IsAvailable(world.State, placed[0]));
        budget.Take(placed[0]);
        Assert.False(budget.MayTake(placed[1]));
    }

    [Fact]
    public void What_runs_as_it_did_before_its_placement_changed_serves_nobody_any_more()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0")).Drain();
        world = world.Commit(world.Plan());

        Assert.False(Of(world, 1).Budget.Serves(Of(world, 1).Placed[0]));
        Assert.Equal(2, world.Naming.SetOf(new ServiceName("web")).Endpoints.Length);
    }
}
