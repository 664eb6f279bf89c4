using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RolloutSightTests
{
    private static readonly UpdatePolicy ByCell = Specs.OneAway with
    {
        Canary = 1, Batch = "100%", Bake = TimeSpan.FromSeconds(1), ByCell = true,
    };

    private static string[] On(World world, string version) =>
    [
        .. world.State.Placements.SelectMany(h => h.Value.Instances
            .Where(p => world.State.InstanceSpecs[p.Spec].Release.Version.Value == version).Select(_ => h.Key.Value)).Distinct(),
    ];

    [Fact]
    public void One_cell_follows_the_other()
    {
        var world = World.Of("c@az3", "b@az2", "a@az1").Apply(Specs.Service("web", 6) with { Update = ByCell }).Settle();
        world = world.Apply(Specs.Service("web", 6, "2.0") with { Update = ByCell }).Settle();
        Assert.Single(On(world, "2.0"));

        world = world.After(TimeSpan.FromSeconds(1)).Settle();
        Assert.Single(On(world, "2.0"));
        world = world.After(TimeSpan.FromSeconds(1)).Settle();
        Assert.Equal(2, On(world, "2.0").Length);
        Assert.Equal(["a", "b", "c"], On(world.After(TimeSpan.FromSeconds(1)).Settle(), "2.0"));
    }

    [Fact]
    public void What_is_placed_in_the_middle_of_a_rollout_gets_what_its_stage_allows()
    {
        var policy = Specs.NoneAway;
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2) with { Update = policy }).Settle();
        world = world.Apply(Specs.Service("web", 2, "2.0") with { Update = policy }).Settle();

        // The canary is there; what is added to it is one more of the old ones.
        world = world.Apply(Specs.Service("web", 4, "2.0") with { Update = policy }).Settle();
        var versions = world.State.Placements.Values.SelectMany(h => h.Instances)
            .Select(p => world.State.InstanceSpecs[p.Spec].Release.Version.Value).ToList();
        Assert.Equal(1, versions.Count(v => v == "2.0"));
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);
    }
}
