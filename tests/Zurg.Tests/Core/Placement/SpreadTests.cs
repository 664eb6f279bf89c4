using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class SpreadTests
{
    private static readonly ServiceSpec Web = Specs.Service("web", 3);

    private static string? Best(World world, ServiceSpec? service = null) =>
        Spread.Best(new Board(world.State), service ?? Web)?.Host.Value;

    private static World Place(World world, string host, params string[] instances) => world.Put(
        StoreKeys.Placements(new HostId(host)), new HostPlacements
        {
            Host = new HostId(host),
            Instances =
            [
                .. instances.Select(i => new Zurg.Protocol.Placement(
                    InstanceId.Wrap(i), SpecDigest.Of(Web.Instance), 0, WantedPhase.Running, Since: World.Noon)),
            ],
        }, WireJson.Default.HostPlacements);

    [Fact]
    public void The_cell_with_the_fewest_comes_first_then_the_host_then_the_emptiest_then_the_name()
    {
        var world = World.Of("a@az1", "b@az1", "c@az2", "d@az2");
        Assert.Equal("a", Best(world));

        world = Place(world, "a", "web.0");
        Assert.Equal("c", Best(world));
        world = Place(world, "c", "web.1");
        Assert.Equal("b", Best(world));
        world = Place(Place(world, "b", "web.2"), "d", "db.0");
        Assert.Equal("d", Best(world));
        Assert.Equal("b", Best(Place(World.Of("a@az1", "b@az1"), "a", "db.0")));
    }

    [Fact]
    public void What_does_not_fit_is_passed_over_and_nothing_is_left_where_nothing_fits()
    {
        var world = World.Of("a@az1", "b@az2").Silence("a");
        Assert.Equal("b", Best(world));
        Assert.Null(Best(world.Empty("b")));
    }

    [Fact]
    public void Why_it_fits_nowhere_is_told_by_kind_the_most_frequent_first_and_with_few_names()
    {
        var world = World.Of("a@az1", "b@az1", "c@az1", "d@az1", "e@az1").Silence("e");
        var hold = Spread.NoHostFits(new Board(world.State), Web.Needs("disk", "ssd"), InstanceId.Wrap("web.0"));

        Assert.Equal(
            "web.0 fits on 0 of 5 hosts: no label disk=ssd (a, b, c and 1 more); silent (e)", hold.Text);
        Assert.Equal((HoldReason.NoHostFits, InstanceId.Wrap("web.0")), (hold.Reason, hold.Instance));
        Assert.StartsWith("change the constraints", hold.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mend_is_that_of_what_is_wrong()
    {
        var none = Spread.NoHostFits(new Board(ClusterState.Empty), Web, InstanceId.Wrap("web.0"));
        Assert.Equal("web.0 fits nowhere: no host has joined the cluster", none.Text);
        Assert.StartsWith("start an agent", none.Mend, StringComparison.Ordinal);

        var low = Spread.NoHostFits(new Board(World.Of("a@az1").Low("a", "disk is full").State), Web, InstanceId.Wrap("web.0"));
        Assert.Equal(Spread.MendOfLow, low.Mend);
        Assert.Equal("web.0 fits on 0 of 1 hosts: disk is full (a)", low.Text);
    }
}
