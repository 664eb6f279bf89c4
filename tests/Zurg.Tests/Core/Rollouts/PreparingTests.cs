using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class PreparingTests
{
    private static readonly HostId Host1 = new("host1");

    private static World Running
    {
        get
        {
            var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle();
            var facts = world.State.Facts[Host1];
            return world.Put(
                StoreKeys.Facts(Host1), facts with { Description = facts.Description with { Prepares = true } },
                WireJson.Default.HostFacts);
        }
    }

    private static World Changed
    {
        get
        {
            var world = Running.Apply(Specs.Service("web", 1, "2.0"));
            return world.Commit(world.Plan());
        }
    }

    [Fact]
    public void What_serves_goes_on_until_its_host_has_what_comes_after()
    {
        Assert.Empty(Changed.Plan().Steps);
        Assert.Contains(
            Changed.Plan().Holds,
            h => h.Reason == HoldReason.WaitsForPrepare && h.Text == "web.0 goes on as it is until host1 has 2.0 ready");

        var next = AssignmentView.Of(Changed.State, Host1)!.Instances.Single().Next!;
        Assert.Equal("2.0", next.Spec.Release.Version.Value);
        var ready = Changed.Report("web.0", s => s with { Prepared = next.SpecDigest });
        Assert.IsType<Step.Drain>(Assert.Single(ready.Plan().Steps));
    }

    [Fact]
    public void What_is_to_change_though_no_rollout_is_under_way_is_prepared_too()
    {
        var rollout = Changed.RolloutOf("web") with { Phase = RolloutPhase.Completed };
        var over = Changed.Put(StoreKeys.Rollout(rollout.Service), rollout, WireJson.Default.Rollout);

        Assert.Contains(over.Plan().Holds, h => h.Reason == HoldReason.WaitsForPrepare);
        Assert.NotNull(AssignmentView.Of(over.State, Host1)!.Instances.Single().Next);
    }

    [Fact]
    public void Why_the_host_cannot_have_it_is_said()
    {
        var world = Changed.Report("web.0", s => s with
        {
            PrepareHold = new Hold(HoldReason.ReleaseUnavailable, "the disk is full", "free some"),
        });

        var hold = world.Plan().Holds.Single(h => h.Reason == HoldReason.WaitsForPrepare);
        Assert.Equal(
            ("web.0 goes on as it is until host1 has 2.0 ready: the disk is full", "free some"), (hold.Text, hold.Mend));
    }

    [Fact]
    public void What_a_host_cannot_prepare_is_looked_at_again_when_its_time_is_over()
    {
        var world = Changed.Report("web.0", s => s with { PrepareHold = new Hold(HoldReason.ReleaseUnavailable, "no room") });
        Assert.Equal(world.RolloutOf("web").StageSince + UpdatePolicy.ReadyWithinUsual, world.Plan().WakeAt);
    }

    [Fact]
    public void A_host_that_never_can_takes_the_release_back_before_anything_was_stopped()
    {
        var world = Changed.Report("web.0", s => s with
        {
            PrepareHold = new Hold(HoldReason.ExecutableMissing, "bin/run is not in the release"),
        });

        Assert.Equal(
            "rollout 2 of web goes back to 1.0: host1 cannot run 2.0 of web: bin/run is not in the release",
            Assert.Single(world.Plan().News).Text);
    }

    [Fact]
    public void An_agent_that_cannot_prepare_is_not_waited_for()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Apply(Specs.Service("web", 1, "2.0"));

        Assert.IsType<Step.Drain>(Assert.Single(world.Plan().Steps));
    }

    [Fact]
    public void What_serves_nobody_and_what_only_restarts_need_not_wait()
    {
        var down = Running.Run(butNotReady: "web.0").Apply(Specs.Service("web", 1, "2.0"));
        Assert.IsType<Step.Drain>(Assert.Single(down.Plan().Steps));

        var intent = Running.State.IntentOf(new ServiceName("web")) with { Restarts = 1 };
        var restart = Running.Intend(intent);
        Assert.IsType<Step.Drain>(Assert.Single(restart.Plan().Steps));
    }

    /// <summary>Also if everybody has let go of it: stopped, it would be away as long as its release is fetched.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_withdrawn_when_something_newer_comes_is_listed_again_until_its_host_has_that(bool isFree)
    {
        var world = Running.Intend(Running.State.IntentOf(new ServiceName("web")) with { Restarts = 1 });
        world = world.Commit(world.Plan()).Apply(Specs.Service("web", 1, "2.0"));
        world = isFree ? world.Confirm() : world;

        Assert.Equal(
            "web.0 on host1: is listed again: it is not to be stopped now", Assert.Single(world.Plan().Steps).Text);
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.WaitsForPrepare);
        world = world.Commit(world.Plan());
        Assert.Single(world.Naming.SetOf(new ServiceName("web")).Endpoints);
    }
}
