using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class ChangingTests
{
    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Specs.Service("web", 3)).Settle();

    [Fact]
    public void A_new_release_touches_the_next_instance_only_when_the_one_before_is_ready()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0"));

        var first = world.Plan();
        Assert.Equal("web.0", Assert.Single(first.Steps).Instance.Value);

        world = world.Drain();
        world = world.Commit(world.Plan()).Run(butNotReady: "web.0");
        Assert.Empty(world.Plan().Steps);
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text == "2 of web's instances wait for their turn until web.0 on host1 is ready: 1 may be away at once");

        world = world.Run();
        Assert.Equal("web.1", Assert.Single(world.Plan().Steps).Instance.Value);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void A_change_of_scale_or_policy_restarts_nothing()
    {
        var changed = Specs.Service("web", 3) with { Stop = new StopPolicy("INT", TimeSpan.FromSeconds(1)) };

        Assert.True(Running.Apply(changed).Plan().IsConverged);
    }

    [Fact]
    public void What_a_superseded_rollout_has_changed_is_the_first_to_be_changed_again()
    {
        var careful = Specs.OneAway with { Canary = 1, Batch = "1", ManualPromotion = true };
        ServiceSpec Of(string version) => Specs.Service("web", 3, version) with { Update = careful };
        var world = World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Of("1.0")).Settle();
        world = world.Run(butNotReady: "web.2").Apply(Of("2.0")).Settle();
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=2.0", world.Versions("web"));

        Assert.Equal("web.0=1.0 web.1=1.0 web.2=3.0", world.Apply(Of("3.0")).Settle().Versions("web"));
    }

    [Fact]
    public void A_fix_gets_past_the_broken_release_that_it_fixes()
    {
        var broken = Running.Apply(Specs.Service("web", 3, "2.0")).Settle(butNotReady: "web.0");
        Assert.Empty(broken.Plan().Steps);

        var plan = broken.Apply(Specs.Service("web", 3, "2.1")).Plan();

        Assert.Equal("web.0", Assert.Single(plan.Steps).Instance.Value);
        Assert.True(broken.Apply(Specs.Service("web", 3, "2.1")).Settle().Plan().IsConverged);
    }

    [Fact]
    public void An_instance_that_is_down_anyway_goes_first()
    {
        var plan = Running.Run(butNotReady: "web.2").Apply(Specs.Service("web", 3, "2.0")).Plan();

        Assert.Equal("web.2", Assert.Single(plan.Steps).Instance.Value);
    }

    [Fact]
    public void A_silent_host_holds_an_update_rather_than_let_two_be_away()
    {
        var plan = Running.Silence("host2").Apply(Specs.Service("web", 3, "2.0")).Plan();

        Assert.Empty(plan.Steps);
        Assert.Contains(
            plan.Holds, h => h.Reason == HoldReason.WaitsForTurn && h.Text.Contains("web.1 on host2", StringComparison.Ordinal));
    }

    [Fact]
    public void A_restart_that_a_person_asked_for_goes_one_by_one()
    {
        var web = new ServiceName("web");
        var world = Running.Intend(ServiceIntent.Of(web) with { Restarts = 1 });

        var plan = world.Drain().Plan();
        Assert.Equal("web.0 on host1: is restarted because a person asked", Assert.Single(plan.Steps).Text);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void A_restart_of_one_instance_touches_no_other()
    {
        var web = new ServiceName("web");
        var intent = ServiceIntent.Of(web);
        var world = Running.Intend(intent with { InstanceRestarts = intent.InstanceRestarts.Add(new InstanceId(web, 1), 1) });

        var plan = world.Plan();
        Assert.Equal("web.1", Assert.Single(plan.Steps).Instance.Value);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    [Fact]
    public void A_stop_takes_all_instances_at_once_and_keeps_their_places()
    {
        var web = new ServiceName("web");
        var stopped = Running.Intend(ServiceIntent.Of(web) with { Stopped = true });
        stopped = stopped.Drain();
        var plan = stopped.Plan();
        Assert.Equal(3, plan.Steps.Length);
        Assert.Equal("web.0 on host1: stopped by a person", plan.Steps[0].Text);

        stopped = stopped.Commit(plan).Run();
        Assert.True(stopped.Plan().IsConverged);
        Assert.Equal("host1: web.0; host2: web.1; host3: web.2", stopped.Placed());
        Assert.Empty(stopped.Naming.SetOf(web).Endpoints);

        var started = stopped.Intend(ServiceIntent.Of(web)).Settle();
        Assert.Equal(3, started.Naming.SetOf(web).Endpoints.Length);
    }

    [Fact]
    public void A_release_that_was_never_pushed_holds_and_leaves_what_runs_alone()
    {
        var world = Running.Apply([Specs.Service("web", 3, "9.9")], push: false);

        var plan = world.Plan();
        Assert.Empty(plan.Steps);
        var hold = Assert.Single(plan.Holds);
        Assert.Equal(HoldReason.ReleaseMissing, hold.Reason);
        Assert.Equal("zurg release push web 9.9 DIR", hold.Mend);
    }

    [Fact]
    public void An_instance_whose_host_fits_no_more_moves_to_one_that_does()
    {
        var world = World.Of("host1@az1", "host2@az2 disk=ssd").Apply(Specs.Service("db", 1)).Settle();
        Assert.Equal("host1: db.0", world.Placed());

        world = world.Apply(Specs.Service("db", 1).Needs("disk", "ssd")).Settle();
        Assert.Equal("host2: db.0", world.Placed());
        Assert.True(world.Plan().IsConverged);
    }

    [Fact]
    public void An_instance_that_fits_nowhere_any_more_keeps_running_where_it_is()
    {
        var world = World.Of("host1@az1")
            .Apply(Specs.Service("db", 1))
            .Settle()
            .Apply(Specs.Service("db", 1).Needs("disk", "ssd"));

        var plan = world.Plan();
        Assert.Empty(plan.Steps);
        Assert.Equal("db.0 can neither stay on host1 nor go elsewhere: host1 has no label disk=ssd", plan.Holds[0].Text);
    }

    [Fact]
    public void A_fixed_port_can_be_kept_over_a_change()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1).Port(80)).Settle()
            .Apply(Specs.Service("web", 1).Port(80).Env("A", "1"));

        var change = Assert.IsType<Step.Change>(Assert.Single(world.Drain().Plan().Steps));
        Assert.Equal("web.0 on host1: gets the new spec", change.Text);
        Assert.True(world.Settle().Plan().IsConverged);
    }

    private static readonly UpdatePolicy ByOne = Specs.OneAway with { Canary = 1, Batch = "2", MaxUnavailable = 3 };

    [Fact]
    public void No_more_are_changed_than_the_stage_lets_though_more_might_be_away()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0") with { Update = ByOne });

        Assert.Equal("web.0", Assert.Single(world.Plan().Steps).Instance.Value);
        world = world.Drain();
        world = world.Commit(world.Plan()).Run(butNotReady: "web.0");
        Assert.Empty(world.Plan().Steps);
        Assert.Contains(
            world.Plan().Holds,
            h => h.Text == "2 of web's instances wait for their turn until those with the new one are ready");

        var paused = world.Say("web", w => w with { Paused = true }).Plan();
        Assert.DoesNotContain(paused.Holds, h => h.Reason == HoldReason.WaitsForTurn);
    }

    [Fact]
    public void Of_those_that_could_be_next_what_serves_nobody_comes_first_and_then_what_is_withdrawn_already()
    {
        var changed = Specs.Service("web", 3, "2.0") with { Update = ByOne };
        var down = Running.Run(butNotReady: "web.2").Apply(changed).Plan();
        Assert.Equal("web.2", Assert.Single(down.Steps).Instance.Value);

        var web = new ServiceName("web");
        var intent = ServiceIntent.Of(web);
        var one = Running.Intend(intent with { InstanceRestarts = intent.InstanceRestarts.Add(new InstanceId(web, 1), 1) });
        var all = one.Commit(one.Plan()).Apply(changed).Plan();
        Assert.Empty(all.Steps);
        Assert.Contains(all.Holds, h => h.Reason == HoldReason.WaitsForDrain && h.Instance == new InstanceId(web, 1));
    }

    [Fact]
    public void What_a_host_has_no_room_for_any_more_moves_to_one_that_has()
    {
        var world = new World().Join("host1@az1", memory: 1L << 30).Apply(Specs.Service("db", 1)).Settle()
            .Join("host2@az2").Apply(Specs.Service("db", 1).Memory(4L << 30));

        Assert.Equal(
            "db.0 leaves host1: it fits there no more: 1024 MiB of memory not yet promised, 4096 MiB needed",
            Assert.IsType<Step.Remove>(Assert.Single(world.Drain().Plan().Steps)).Text);
        Assert.Equal("host2: db.0", world.Settle().Placed());
    }

    [Fact]
    public void What_is_stopped_is_changed_at_once_and_started_with_that()
    {
        var web = new ServiceName("web");
        var stopped = Running.Intend(ServiceIntent.Of(web) with { Stopped = true }).Settle()
            .Apply(Specs.Service("web", 3, "2.0") with { Update = ByOne });

        Assert.Equal(3, stopped.Plan().Steps.Length);
        var started = stopped.Settle().Intend(ServiceIntent.Of(web));
        Assert.Equal("web.0 on host1: started by a person", started.Plan().Steps[0].Text);
        Assert.Equal(3, started.Plan().Steps.Length);
        Assert.True(started.Settle().Plan().IsConverged);
    }

    [Fact]
    public void A_service_that_is_started_with_another_release_at_the_same_time_starts_with_what_it_had()
    {
        var web = new ServiceName("web");
        var world = Running.Intend(ServiceIntent.Of(web) with { Stopped = true }).Settle()
            .Apply(Specs.Service("web", 3, "2.0") with { Update = ByOne }).Intend(ServiceIntent.Of(web));
        world = world.Commit(world.Plan());

        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
        Assert.Equal(
            3, world.State.Placements.Values.SelectMany(h => h.Instances)
                .Count(p => world.State.InstanceSpecs[p.Spec].Release.Version.Value == "1.0" && p.Wanted == WantedPhase.Running));
    }

    [Fact]
    public void What_is_stopped_leaves_a_drained_host_at_once()
    {
        var web = new ServiceName("web");
        var world = Running.Intend(ServiceIntent.Of(web) with { Stopped = true }).Settle().Empty("host1").Settle();

        Assert.Equal("host2: web.0 web.1; host3: web.2", world.Placed());
        Assert.True(world.Plan().IsConverged);
        Assert.All(
            world.State.Placements.Values.SelectMany(p => p.Instances), p => Assert.Equal(WantedPhase.Stopped, p.Wanted));
    }

    [Fact]
    public void What_is_stopped_and_fits_nowhere_else_says_so()
    {
        var web = new ServiceName("web");
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle()
            .Intend(ServiceIntent.Of(web) with { Stopped = true }).Settle().Empty("host1").Settle();

        Assert.Equal(
            "web.0 can neither stay on host1 nor go elsewhere: host1 is being emptied by ann",
            Assert.Single(world.Plan().Holds).Text);
    }

    [Fact]
    public void Fewer_instances_of_what_is_stopped_leave_before_it_is_started_again()
    {
        var web = new ServiceName("web");
        var world = Running.Intend(ServiceIntent.Of(web) with { Stopped = true }).Settle();

        Assert.Equal("host1: web.0", world.Apply(Specs.Service("web", 1)).Settle().Placed());
    }
}
