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
        Assert.Contains("host9: web.0 web.1", world.After(ActionBudget.Window).Settle().Placed(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_person_asks_for_is_not_counted()
    {
        var world = Unlabelled.Empty("host1").Empty("host2").Empty("host3").Settle();

        Assert.Equal("host9: web.0 web.1 web.2", world.Placed());
        Assert.Null(world.State.Unasked);
    }
}
