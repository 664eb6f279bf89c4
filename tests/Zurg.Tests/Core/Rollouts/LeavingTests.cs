using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>A service that is taken out of cluster.yaml is stopped as carefully as any other.</summary>
public sealed class LeavingTests
{
    private static readonly ServiceName Web = new("web");

    private static World Running =>
        World.Of("host1@az1", "host2@az2").Apply(Specs.Service("db", 1), Specs.Service("web", 2)).Settle();

    private static World Gone => Running.Apply(Specs.Service("db", 1));

    [Fact]
    public void It_is_withdrawn_first_and_removed_once_its_consumers_have_let_go()
    {
        var plan = Gone.Plan();
        Assert.Equal(
            "web.0 on host2 is withdrawn from its consumers: ann took its service out of the spec", plan.Steps[0].Text);
        Assert.All(plan.Steps, s => Assert.IsType<Step.Drain>(s));

        var world = Gone.Commit(plan);
        Assert.Empty(world.Naming.SetOf(Web).Endpoints);
        Assert.Empty(world.Plan().Steps);
        Assert.Equal(2, world.Plan().Holds.Count(h => h.Reason == HoldReason.WaitsForDrain));
        Assert.All(world.Confirm().Plan().Steps, s => Assert.IsType<Step.Remove>(s));

        world = world.Confirm().Settle();
        Assert.DoesNotContain("web", world.Placed(), StringComparison.Ordinal);
        Assert.False(world.State.Rollouts.ContainsKey(Web));
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void Its_last_drain_limit_holds_and_its_host_goes_on_being_told_of_it()
    {
        var hasty = Specs.Service("web", 2) with { Stop = new StopPolicy("TERM", TimeSpan.Zero, TimeSpan.FromSeconds(3)) };
        var world = Running.Apply(Specs.Service("db", 1), hasty).Settle().Apply(Specs.Service("db", 1));
        world = world.Commit(world.Plan());

        Assert.Empty(world.After(TimeSpan.FromSeconds(2.9)).Plan().Steps);
        Assert.NotEmpty(world.After(TimeSpan.FromSeconds(3)).Plan().Steps);
        var assigned = AssignmentView.Of(world.State, new HostId("host2"));
        Assert.Equal(TimeSpan.FromSeconds(3), Assert.Single(assigned!.Instances).Stop.Drain);
    }

    [Fact]
    public void It_goes_on_leaving_through_later_applies()
    {
        var world = Gone.Commit(Gone.Plan()).Apply(Specs.Service("db", 2)).After(TimeSpan.FromHours(1));
        world = world.Apply(Specs.Service("db", 3));

        Assert.NotNull(world.State.Applied!.FindLeaving(Web));
        Assert.Contains(world.Plan().Steps, s => s is Step.Remove { Instance.Service.Value: "web" });
    }

    [Fact]
    public void Added_back_in_the_middle_it_serves_again_at_once()
    {
        var world = Gone.Commit(Gone.Plan()).Apply(Specs.Service("db", 1), Specs.Service("web", 2));

        world = world.Commit(world.Plan());
        Assert.Equal(2, world.Naming.SetOf(Web).Endpoints.Length);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void In_the_middle_of_a_rollout_it_leaves_without_being_made_ready_for_the_next_release()
    {
        var slow = Specs.OneAway with { Canary = 1, Bake = TimeSpan.FromSeconds(10) };
        var world = Running.Apply(Specs.Service("db", 1), Specs.Service("web", 2, "2.0") with { Update = slow }).Settle();
        world = world.Apply(Specs.Service("db", 1));
        world = world.Commit(world.Plan());

        Assert.Null(Assert.Single(AssignmentView.Of(world.State, new HostId("host2"))!.Instances).Next);
        Assert.True(world.Confirm().Settle().Plan().IsConverged);
    }

    [Fact]
    public void From_a_lost_host_it_is_removed_at_once()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Pinned("web", "host1", "host2")).Settle();
        var steps = world.Lose("host2").Apply().Plan().Steps;

        Assert.Equal(["web.0", "web.1"], steps.Select(s => s.Instance.Value));
        Assert.IsType<Step.Drain>(steps[0]);
        Assert.IsType<Step.Remove>(steps[1]);
    }
}
