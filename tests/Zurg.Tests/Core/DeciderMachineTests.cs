using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core;

public sealed class DeciderMachineTests
{
    [Fact]
    public void Nothing_applied_is_nothing_to_do() => Assert.True(World.Of("host1@az1").Plan().IsConverged);

    [Fact]
    public void What_an_earlier_build_let_leave_the_spec_is_removed_though_nobody_knows_its_policies()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2), Specs.Service("db", 1)).Settle();

        world = world.Apply(Specs.Service("db", 1));
        world = world.Put(
            StoreKeys.CurrentSpec, world.State.Applied! with { Leaving = null }, WireJson.Default.AppliedSpec);
        var plan = world.Plan();
        Assert.Equal(["web.0", "web.1"], plan.Steps.Select(s => s.Instance.Value));
        Assert.All(plan.Steps, s => Assert.EndsWith("its service has left the spec", s.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_still_stopping_somewhere_is_a_hold()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Apply().Drain();
        world = world.Commit(world.Plan());

        var hold = Assert.Single(world.Plan().Holds);
        Assert.Equal((HoldReason.WaitsForStop, "web.0 is stopping on host1"), (hold.Reason, hold.Text));

        // What it waits for is the better word.
        var asked = world.Report("web.0", s => s with
        {
            Phase = InstancePhase.Stopping, Hold = new Hold(HoldReason.WaitsForRequests, "2 requests are under way in it", null),
        });
        hold = Assert.Single(asked.Plan().Holds);
        Assert.Equal((HoldReason.WaitsForRequests, "2 requests are under way in it"), (hold.Reason, hold.Text));
        Assert.True(world.Run().Settle().Plan().IsConverged);
    }

    [Fact]
    public void A_spec_that_this_build_cannot_read_holds_everything()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).PutBytes(StoreKeys.CurrentSpec, "?"u8.ToArray());

        var plan = world.Plan();
        Assert.Empty(plan.Steps);
        Assert.Equal(HoldReason.Unreadable, Assert.Single(plan.Holds).Reason);
    }

    [Fact]
    public void An_instance_that_its_agent_holds_shows_the_agents_own_words()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle();
        var facts = world.State.Facts[new HostId("host1")];
        var held = facts with
        {
            Instances =
            [
                facts.Instances[0] with
                {
                    Healthy = false,
                    Hold = new Hold(HoldReason.TooManyRestarts, "10 ends within 10 m", "zurg restart web"),
                },
            ],
        };

        var hold = Assert.Single(world.Put(StoreKeys.Facts(facts.Host), held, WireJson.Default.HostFacts).Plan().Holds);
        Assert.Equal(
            (HoldReason.TooManyRestarts, "web.0", "host1"), (hold.Reason, hold.Instance!.Value.Value, hold.Host!.Value.Value));
    }

    /// <summary>
    /// Whatever people apply in whatever order, planning ends, twice the same, and never places an instance twice.
    /// </summary>
    [Fact]
    public void Any_sequence_of_specs_settles_and_plans_the_same_twice()
    {
        var services =
            from name in Gen.Elements("a", "b", "c")
            from count in Gen.Choose(0, 6)
            from shape in Gen.Choose(0, 3)
            from version in Gen.Choose(1, 3)
            select shape switch
            {
                0 => Specs.PerHost(name, 1 + (count % 2)),
                1 => Specs.Pinned(name, "host1", "host4"),
                2 => Specs.Service(name, count).Port(8000 + version),
                _ => Specs.Service(name, count),
            } is var spec ? spec.Env("VERSION", $"{version}") : spec;
        var specs = services.ListOf(3).Select(l => l.DistinctBy(s => s.Name).ToArray()).ListOf(5).Select(l => l.ToArray());
        Prop.ForAll(specs.ToArbitrary(), history =>
        {
            var world = World.Of("host1@az1", "host2@az1", "host3@az2", "host4@az3 disk=ssd");
            foreach (var applied in history)
            {
                world = world.Apply(applied).Settle();
                var all = world.State.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance).ToArray();
                Assert.Equal(all.Distinct().Count(), all.Length);
                Assert.Equal(Show(world.Plan()), Show(world.Plan()));
                Assert.Empty(world.Plan().Steps);
            }
        }).QuickCheckThrowOnFailure();
    }

    private static string Show(Plan plan) =>
        string.Join('\n', plan.Steps.Select(s => s.Text).Concat(plan.Holds.Select(h => $"{h.Reason} {h.Text} {h.Mend}")));
}
