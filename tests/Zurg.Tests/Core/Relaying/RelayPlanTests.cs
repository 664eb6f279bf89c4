using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;

namespace Zurg.Tests.Core.Relaying;

public sealed class RelayPlanTests
{
    [Fact]
    public void Instances_that_use_the_same_share_a_listener()
    {
        var plan = Plan(("old.1", InstancePhase.Running, "solver", 9981), ("old.0", InstancePhase.Starting, "solver", 9981));
        var wanted = Assert.Single(plan.Listeners);
        Assert.Equal(("127.0.0.1:9981", "old.0 old.1"), (wanted.Key, string.Join(' ', wanted.Value.For)));
        Assert.Empty(plan.Holds);
    }

    [Theory]
    [InlineData(InstancePhase.Waiting, true)]
    [InlineData(InstancePhase.Preparing, true)]
    [InlineData(InstancePhase.Starting, true)]
    [InlineData(InstancePhase.Running, true)]
    [InlineData(InstancePhase.Stopping, true)]
    [InlineData(InstancePhase.Stopped, false)]
    public void It_is_there_from_before_the_start_to_after_the_end(InstancePhase phase, bool listens) =>
        Assert.Equal(listens, !Plan(("old.0", phase, "solver", 9981)).Listeners.IsEmpty);

    [Theory]
    [InlineData(InstancePhase.Waiting, false)]
    [InlineData(InstancePhase.Stopping, true)]
    public void One_that_is_not_to_run_needs_it_only_while_it_still_does(InstancePhase phase, bool listens)
    {
        var instance = Using("old.0", phase, "solver", 9981);
        instance = instance with { Assigned = instance.Assigned with { Wanted = WantedPhase.Stopped } };
        Assert.Equal(listens, !RelayPlan.Of([instance]).Listeners.IsEmpty);
    }

    [Fact]
    public void An_address_that_leads_elsewhere_for_another_is_a_hold_of_the_later_one()
    {
        var plan = Plan(("a.0", InstancePhase.Running, "solver", 9981), ("b.0", InstancePhase.Running, "store", 9981));
        Assert.Equal("solver", Assert.Single(plan.Listeners).Value.Use.Target);
        var (instance, hold) = Assert.Single(plan.Holds);
        Assert.Equal(("b.0", HoldReason.PortUnavailable), (instance.Value, hold.Reason));
        Assert.Equal("127.0.0.1:9981 leads to solver for a.0, and is to lead to store", hold.Text);
        Assert.Equal("it is tried again when a.0 has gone; or choose another number in uses", hold.Mend);
    }

    private static RelayPlan Plan(params (string Instance, InstancePhase Phase, string Service, int Number)[] instances) =>
        RelayPlan.Of(instances.Select(i => Using(i.Instance, i.Phase, i.Service, i.Number)));

    private static InstanceState Using(string instance, InstancePhase phase, string service, int number)
    {
        var state = NamingFixtures.Instance(instance, phase);
        return state with
        {
            Assigned = state.Assigned with { Uses = [new UseSpec(new ServiceName(service), "127.0.0.1", number)] },
        };
    }
}
