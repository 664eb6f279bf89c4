using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>Withdrawals that nobody asked for are few within a minute (SAFETY.md 4.6).</summary>
public sealed class ActionBudgetTests
{
    private static readonly ServiceSpec Web = Specs.Service("web", 3).Needs("disk", "ssd") with
    {
        Update = Specs.OneAway with { MaxUnavailable = 3 },
    };

    /// <summary>Every host that ran it has lost its label at once; one that nobody used has it.</summary>
    private static World Unlabelled
    {
        get
        {
            var world = World.Of("host1@az1 disk=ssd", "host2@az2 disk=ssd", "host3@az3 disk=ssd").Apply(Web).Settle();
            return world.Relabel("host1").Relabel("host2").Relabel("host3").Join("host9@az1 disk=ssd");
        }
    }

    [Fact]
    public void Labels_that_are_lost_everywhere_at_once_move_one_instance_a_minute()
    {
        var plan = Unlabelled.Plan();
        Assert.Equal("web.0", Assert.IsType<Step.Drain>(Assert.Single(plan.Steps)).Instance.Value);
        var hold = plan.Holds.First(h => h.Reason == HoldReason.TooManyActions);
        Assert.Equal(
            "web.1 stays on host2 for now though host2 has no label disk=ssd: nobody asked for that, and at most 1 such within "
                + "a minute are withdrawn",
            hold.Text);
        Assert.Equal(World.Noon + ActionBudget.Window, plan.WakeAt);

        var world = Unlabelled.Settle();
        Assert.Contains("host9: web.0", world.Placed(), StringComparison.Ordinal);
        Assert.DoesNotContain("web.0 web.1", world.Placed(), StringComparison.Ordinal);
        Assert.Equal(World.Noon, Assert.Single(world.State.Unasked!.At));
        Assert.Contains("host9: web.0 web.1", world.After(ActionBudget.Window).Settle().Placed(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_person_asks_for_is_not_counted()
    {
        var world = Unlabelled.Empty("host1").Empty("host2").Empty("host3").Settle();

        Assert.Equal("host9: web.0 web.1 web.2", world.Placed());
        Assert.Null(world.State.Unasked);
    }

    [Fact]
    public void Of_a_large_fleet_it_is_a_share_and_what_was_taken_a_minute_ago_counts_no_more()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 200)).Settle();
        PlacedOn[] placed = [.. new Board(world.State).Of(new ServiceName("web"))];
        var budget = new ActionBudget(world.State, World.Noon);
        Assert.All(placed[..4], p => Assert.True(budget.TryTake(p)));
        Assert.Equal(World.Noon + ActionBudget.Window, budget.Until);
        Assert.False(budget.TryTake(placed[4]));
        Assert.True(budget.TryTake(new PlacedOn(placed[5].Host, placed[5].Placement with { DrainingSince = World.Noon })));
        Assert.Equal(4, budget.Changed!.At.Length);

        var taken = Enumerable.Range(0, 4).Select(i => World.Noon.AddSeconds(i));
        var state = world.State with { Unasked = new UnaskedActions([.. taken]) };
        Assert.False(new ActionBudget(state, World.Noon + ActionBudget.Window - TimeSpan.FromTicks(1)).TryTake(placed[0]));
        var later = new ActionBudget(state, World.Noon + ActionBudget.Window);
        Assert.Null(later.Until);
        Assert.True(later.TryTake(placed[0]));
        Assert.Equal(World.Noon.AddSeconds(1) + ActionBudget.Window, later.Until);
        Assert.Equal(World.Noon.AddSeconds(1), later.Changed!.At[0]);
    }
}
