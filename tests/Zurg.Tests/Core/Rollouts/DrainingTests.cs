using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>Nothing is stopped on purpose before its consumers have let go (DESIGN.md promise 2).</summary>
public sealed class DrainingTests
{
    private static readonly ServiceName Web = new("web");
    private static readonly HostId Host2 = new("host2");

    private static readonly LateHost Late = new(Host2, new Revision(1), "shop.0 (pid 12)");

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

    /// <summary>web.0 is to get a new release and was withdrawn; nobody has confirmed that yet.</summary>
    private static World Draining
    {
        get
        {
            var world = Running.Apply(Specs.Service("web", 2, "2.0"));
            return world.Commit(world.Plan());
        }
    }

    private static Revision Newest(World world) => world.Naming.SetOf(Web).Revision;

    [Fact]
    public void A_clock_that_goes_back_lets_the_limit_begin_anew_and_not_last_for_an_hour()
    {
        var late = Draining.Confirm(Web, new Revision(1), Late).After(-TimeSpan.FromHours(1));
        var again = late.Commit(late.Plan()).Confirm(Web, new Revision(1), Late);
        Assert.Equal(World.Noon.AddHours(-1).AddSeconds(30), again.Plan().WakeAt);
        Assert.Empty(again.Plan().Steps);
        Assert.Contains(again.After(TimeSpan.FromSeconds(30)).Plan().Steps, s => s is Step.Change);
    }

    [Fact]
    public void The_first_step_of_a_change_withdraws_and_stops_nothing()
    {
        var plan = Running.Apply(Specs.Service("web", 2, "2.0")).Plan();

        Assert.IsType<Step.Drain>(Assert.Single(plan.Steps));
        Assert.Equal(["web.1"], Draining.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        Assert.Equal("1.0", Draining.State.InstanceSpecs[Draining.State.Placements[new HostId("host1")].Instances[0].Spec]
            .Release.Version.Value);
    }

    [Fact]
    public void Nothing_follows_while_nobody_has_said_anything()
    {
        var plan = Draining.Plan();

        Assert.Empty(plan.Steps);
        Assert.Empty(plan.Placements);
        var hold = Assert.Single(plan.Holds, h => h.Reason == HoldReason.WaitsForDrain);
        Assert.Equal(
            "web.0 on host1 is withdrawn and stops once its consumers have let go: not everybody has confirmed yet; "
                + "until 12:00:30 UTC at most",
            hold.Text);
        Assert.Equal(World.Noon + TimeSpan.FromSeconds(30), plan.WakeAt);
    }

    [Fact]
    public void Nothing_follows_while_one_is_late_and_the_hold_names_it()
    {
        var world = Draining;
        world = world.Confirm(Web, new Revision(Newest(world).Value - 1), Late);

        Assert.Empty(world.Plan().Steps);
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text.Contains("let go: shop.0 (pid 12) on host2 has not confirmed yet", StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_changed_as_soon_as_everybody_uses_the_set_without_it()
    {
        var world = Draining;
        var step = Assert.Single(world.Confirm(Web, Newest(world)).Plan().Steps);

        Assert.Equal("web.0 on host1: gets release 2.0", step.Text);
    }

    [Fact]
    public void While_another_one_is_on_a_silent_host_the_drained_one_serves_again()
    {
        var world = Draining.Silence("host2");
        world = world.Commit(world.Plan());

        Assert.Equal(2, world.Naming.SetOf(Web).Endpoints.Length);
        Assert.Empty(world.Confirm().Plan().Steps);
    }

    [Fact]
    public void When_the_limit_has_passed_it_goes_on_and_says_who_was_late()
    {
        var world = Draining;
        world = world.Confirm(Web, new Revision(1), Late, new LateHost(Host2, default));
        var before = world with { Now = World.Noon + TimeSpan.FromSeconds(29.9) };
        var after = world with { Now = World.Noon + TimeSpan.FromSeconds(30) };

        Assert.Empty(before.Plan().Steps);
        Assert.Equal(
            "web.0 on host1: gets release 2.0, though shop.0 (pid 12) on host2, host2 have not confirmed within 30 s",
            Assert.Single(after.Plan().Steps).Text);
    }

    [Fact]
    public void Consumers_of_a_lost_host_are_not_waited_for_and_the_step_says_by_whose_word()
    {
        var world = Draining.Join("host3@az3").Follow("host3", "web").Lose("host3");
        var step = Assert.Single(world.Confirm(Web, Newest(world)).Plan().Steps);

        Assert.Equal(
            "web.0 on host1: gets release 2.0, though the consumers on host3 (by word of ann) are counted as gone", step.Text);
    }

    [Fact]
    public void A_limit_of_zero_asks_nobody()
    {
        var hasty = Specs.Service("web", 2, "2.0") with { Stop = new StopPolicy("TERM", TimeSpan.Zero, TimeSpan.Zero) };

        Assert.IsType<Step.Change>(Assert.Single(Running.Apply(hasty).Plan().Steps));
    }

    [Fact]
    public void What_was_not_ready_before_it_was_withdrawn_has_no_consumers()
    {
        var world = Running.Run(butNotReady: "web.0").Apply(Specs.Service("web", 2, "2.0"));
        var drained = world.Commit(world.Plan());

        Assert.IsType<Step.Drain>(Assert.Single(world.Plan().Steps));
        Assert.IsType<Step.Change>(Assert.Single(drained.Plan().Steps));
    }

    [Fact]
    public void One_that_becomes_ready_just_then_is_not_listed_again_and_has_none_either()
    {
        var world = Running.Run(butNotReady: "web.0").Apply(Specs.Service("web", 2, "2.0"));
        var drained = world.Commit(world.Plan()).Run();

        Assert.Equal(["web.1"], drained.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
    }

    [Fact]
    public void A_change_that_nobody_wants_any_more_lists_it_again_at_once()
    {
        var world = Draining.Apply(Specs.Service("web", 2));

        Assert.Equal("web.0 on host1: is listed again: it is not to be stopped now", Assert.Single(world.Plan().Steps).Text);
        world = world.Commit(world.Plan());
        Assert.Equal(2, world.Naming.SetOf(Web).Endpoints.Length);
        Assert.Empty(world.Plan().Steps);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void No_other_instance_is_withdrawn_while_one_drains()
    {
        Assert.DoesNotContain(Draining.Plan().Steps, s => s.Instance.Index == 1);
        Assert.Contains(Draining.Plan().Holds, h => h.Reason == HoldReason.WaitsForTurn);
    }

    [Fact]
    public void An_instance_too_many_leaves_once_it_is_drained_and_is_not_listed_again_meanwhile()
    {
        var world = Running.Apply(Specs.Service("web", 1));
        world = world.Commit(world.Plan());

        Assert.Empty(world.Plan().Steps);
        Assert.Equal(["web.0"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        Assert.IsType<Step.Remove>(Assert.Single(world.Confirm().Plan().Steps));
    }

    [Fact]
    public void A_stop_that_is_taken_back_withdraws_no_more_than_the_one_whose_turn_it_is()
    {
        var stopping = Running.Apply(Specs.Service("web", 2, "2.0")).Intend(ServiceIntent.Of(Web) with { Stopped = true });
        stopping = stopping.Commit(stopping.Plan());
        Assert.Empty(stopping.Naming.SetOf(Web).Endpoints);

        var world = stopping.Intend(ServiceIntent.Of(Web));
        world = world.Commit(world.Plan());
        Assert.Equal(["web.1"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        Assert.True(world.Confirm().Settle().Plan().IsConverged);
    }

    [Fact]
    public void When_another_one_fails_meanwhile_the_drained_one_serves_again()
    {
        var world = Draining.Run(butNotReady: "web.1");
        world = world.Commit(world.Plan());

        Assert.Equal(["web.0"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
    }

    /// <summary>It could wait for that release, or that label, for ever.</summary>
    [Theory]
    [InlineData("release")]
    [InlineData("label")]
    public void When_the_change_cannot_be_made_the_drained_one_serves_again(string lacking)
    {
        var world = lacking == "release"
            ? Draining.Apply([Specs.Service("web", 2, "9.9")], push: false)
            : Draining.Apply(Specs.Service("web", 2, "2.0").Needs("disk", "ssd"));
        world = world.Commit(world.Plan());

        Assert.Equal(2, world.Naming.SetOf(Web).Endpoints.Length);
        Assert.Empty(world.Plan().Steps);
    }

    [Fact]
    public void A_stop_by_a_person_drains_too()
    {
        var world = Running.Intend(ServiceIntent.Of(Web) with { Stopped = true });

        Assert.All(world.Plan().Steps, s => Assert.IsType<Step.Drain>(s));
        world = world.Commit(world.Plan());
        Assert.Empty(world.Plan().Steps);
        Assert.Equal(2, world.Confirm().Plan().Steps.Count(s => s is Step.Change));
    }

    [Theory]
    [InlineData(InstancePhase.Waiting)]
    [InlineData(InstancePhase.Preparing)]
    [InlineData(InstancePhase.Starting)]
    [InlineData(InstancePhase.Stopping)]
    [InlineData(InstancePhase.Stopped)]
    public void What_does_not_serve_is_waited_for_by_nobody(InstancePhase phase)
    {
        Assert.Empty(Draining.Report("web.0", s => s with { Phase = InstancePhase.Running, Healthy = false }).Plan().Steps);
        Assert.IsType<Step.Change>(Assert.Single(Draining.Report("web.0", s => s with { Phase = phase }).Plan().Steps));
    }

    [Fact]
    public void What_is_stopped_leaves_without_a_drain()
    {
        var stopped = Running.Intend(ServiceIntent.Of(Web) with { Stopped = true }).Settle();
        var placed = new Board(stopped.State).Of(Web).First();
        var limit = TimeSpan.FromSeconds(30);

        Assert.Equal(DrainVerdict.Free, Zurg.Core.Draining.Judge(stopped.State, stopped.Naming, placed, limit, stopped.Now));
    }

    [Fact]
    public void The_hold_of_a_drain_is_the_instance_s()
    {
        var hold = Assert.Single(Draining.Plan().Holds, h => h.Reason == HoldReason.WaitsForDrain);
        Assert.Equal((Web, new InstanceId(Web, 0), new HostId("host1")), (hold.Service, hold.Instance, hold.Host));
    }
}
