using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Releases;

public sealed class NeighbourChoiceTests
{
    /// <summary>What every instance of a test's world runs.</summary>
    private static readonly ReleaseId Any = ReleaseId.Parse("any@1");

    [Fact]
    public void Only_hosts_that_share_and_run_it_and_are_heard_of_are_asked_of_the_own_cell_first()
    {
        var world = World.Of("a@az1", "b@az1", "c@az2", "d@az2", "e@az1").Apply(Specs.PerHost("web", 1)).Settle();
        Assert.Empty(NeighbourChoice.Of(world.State, new HostId("a"), Any));

        world = new[] { "b", "c", "d", "e" }.Aggregate(world, Share).Silence("e");
        Assert.Equal("b", NeighbourChoice.Of(world.State, new HostId("a"), Any)[0].Host.Value);
        Assert.Equal(["b", "c", "d"], Names(world, "a").Order());
        Assert.Equal("c", Names(world, "d")[0]);
        Assert.Empty(NeighbourChoice.Of(world.State, new HostId("a"), ReleaseId.Parse("web@9")));
    }

    [Fact]
    public void Hosts_begin_with_different_ones_and_ask_few()
    {
        var hosts = Enumerable.Range(0, 20).Select(i => $"h{i}@az1").ToArray();
        var world = World.Of(hosts).Apply(Specs.PerHost("web", 1)).Settle();
        world = Enumerable.Range(0, 20).Select(i => $"h{i}").Aggregate(world, Share);

        var first = Enumerable.Range(0, 20).Select(i => Names(world, $"h{i}")[0]).ToImmutableSortedSet();
        Assert.True(first.Count > 4, string.Join(' ', first));
        Assert.Equal(NeighbourChoice.NeighboursMax, Names(world, "h3").Length);
        Assert.DoesNotContain("h3", Names(world, "h3"));
    }

    private static string[] Names(World world, string asker) =>
        [.. NeighbourChoice.Of(world.State, new HostId(asker), Any).Select(n => n.Host.Value)];

    private static World Share(World world, string host)
    {
        var facts = world.State.Facts[new HostId(host)];
        var sharing = facts with { Description = facts.Description with { Share = new Uri("http://127.0.0.1:7100/") } };
        return world.Put(StoreKeys.Facts(facts.Host), sharing, WireJson.Default.HostFacts);
    }
}
