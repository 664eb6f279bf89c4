using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class RosterTests
{
    private static string Of(World world, ServiceSpec service)
    {
        var roster = Roster.Of(world.State, new Board(world.State), service);
        return string.Join(" | ", new[] { roster.Regular, roster.Surplus, roster.Displaced, roster.Lost }
            .Where((part, i) => i < 3 || !part.IsEmpty)
            .Select(part => string.Join(' ', part.Select(p => p.Placement.Instance.Value))));
    }

    [Fact]
    public void By_index_the_highest_ones_are_too_many()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 4)).Settle();

        Assert.Equal("web.0 web.1 | web.2 web.3 | ", Of(world, Specs.Service("web", 2)));
    }

    [Fact]
    public void By_host_each_host_has_its_own()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.PerHost("web", 2)).Settle();

        Assert.Equal("web.0 web.2 | web.1 web.3 | ", Of(world, Specs.PerHost("web", 1)));
        Assert.Equal("web.2 | web.3 | web.0 web.1", Of(world, Specs.Pinned("web", "host2")));
        Assert.Equal("web.2 | web.3 | web.0 web.1", Of(world.Empty("host1"), Specs.PerHost("web", 1)));
    }

    [Fact]
    public void What_a_lost_host_had_is_apart_and_of_per_host_it_is_no_host()
    {
        var spread = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 4)).Settle().Lose("host2");
        Assert.Equal("web.0 web.2 |  |  | web.1 web.3", Of(spread, Specs.Service("web", 4)));
        Assert.Equal("web.0 | web.2 web.3 |  | web.1", Of(spread, Specs.Service("web", 2)));

        var daemon = World.Of("host1@az1", "host2@az2").Apply(Specs.PerHost("web", 1)).Settle().Lose("host2");
        Assert.Equal("web.0 |  | ", Of(daemon, Specs.PerHost("web", 1)));
        Assert.Equal("web.0 |  |  | web.1", Of(daemon, Specs.Pinned("web", "host1", "host2")));
    }
}
