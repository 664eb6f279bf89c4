using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class BoardTests
{
    private static readonly ServiceName Web = new("web");

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2).Port(80)).Settle();

    [Fact]
    public void What_is_lifted_off_and_put_back_is_no_change()
    {
        var board = new Board(Running.State);
        var placed = board.Of(Web).First();
        board.Remove(placed);
        Assert.Equal(["web.1"], board.Of(Web).Select(p => p.Placement.Instance.Value));
        board.Add(placed.Host, placed.Placement);

        Assert.Empty(board.Changed());
        Assert.Equal(2, board.Of(Web).Count);
    }

    [Fact]
    public void Of_a_host_that_a_step_touches_the_whole_truth_is_written()
    {
        var board = new Board(Running.State);
        var placed = board.Of(Web).First();
        board.Replace(placed, placed.Placement with { Restarts = 3 });

        var changed = Assert.Single(board.Changed());
        Assert.Equal(("host1", 3L), (changed.Host.Value, Assert.Single(changed.Instances).Restarts));
        board.Remove(board.Of(Web).First());
        Assert.Empty(Assert.Single(board.Changed()).Instances);
    }

    [Fact]
    public void Each_step_counts_for_the_next_one()
    {
        var board = new Board(Running.State);
        var spec = Specs.Service("web", 2).Port(80);
        Assert.Equal("port 80 is taken by web.0", board.Find(new HostId("host1"))!.WhyNot(spec));
        board.Remove(board.Of(Web).First());

        Assert.Null(board.Find(new HostId("host1"))!.WhyNot(spec));
    }

    [Fact]
    public void What_is_placed_on_a_host_of_which_nothing_is_known_stays_and_gets_no_company()
    {
        var world = Running.PutBytes(StoreKeys.Facts(new HostId("host2")), null);
        var board = new Board(world.State);

        Assert.Equal(["host1", "host2"], board.Of(Web).Select(p => p.Host.Value));
        Assert.Equal("nothing is known of it", board.Find(new HostId("host2"))!.WhyNot(Specs.Service("web", 2)));
        Assert.Null(board.Find(new HostId("host3")));
        Assert.Empty(board.Of(new ServiceName("db")));
        Assert.Equal([Web], board.Services);
    }

    [Fact]
    public void Placements_that_cannot_be_read_freeze_their_host()
    {
        var world = Running.PutBytes(StoreKeys.Placements(new HostId("host1")), "not JSON"u8.ToArray());

        Assert.Equal(
            "its placements cannot be read by this build",
            new Board(world.State).Find(new HostId("host1"))!.WhyNot(Specs.Service("web", 2)));
    }

    [Fact]
    public void A_promise_takes_room_until_it_is_lifted_and_is_never_written()
    {
        var board = new Board(World.Of("host1@az1").Apply(Specs.Service("web", 1)).State);
        var (host, web) = (board.Find(new HostId("host1"))!, Specs.Service("web", 2).Port(80).Memory(5L << 30));
        board.Promise(host.Host, InstanceId.Wrap("web.7"), web.Instance);
        board.Promise(host.Host, InstanceId.Wrap("web.7"), web.Instance);

        Assert.Equal((1, 1, true), (host.Count, host.CountOf(Web), board.IsPromised(InstanceId.Wrap("web.7"))));
        Assert.Equal("port 80 is taken by web.7", host.WhyNot(web));
        Assert.Equal(
            "3072 MiB of memory not yet promised, 5120 MiB needed", host.WhyNot(Specs.Service("db", 1).Memory(5L << 30)));
        Assert.Empty(board.Changed());
        Assert.Empty(board.Of(Web));

        board.Lift(InstanceId.Wrap("web.7"));
        board.Lift(InstanceId.Wrap("web.7"));
        Assert.Equal((0, 0, false), (host.Count, host.CountOf(Web), board.IsPromised(InstanceId.Wrap("web.7"))));
        Assert.Null(host.WhyNot(web));
    }
}
