using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class BoardHostTests
{
    private static readonly ServiceSpec Web = Specs.Service("web", 1);

    private static HostFacts Facts(World world) => world.State.Facts.Values.Single();

    private static BoardHost Host(World world, bool frozen = false, HostIntent? drain = null) =>
        new(new HostId("host1"), Facts(world), frozen, drain);

    private static Zurg.Protocol.Placement Placed(string instance, InstanceSpec spec) =>
        new(InstanceId.Wrap(instance), SpecDigest.Of(spec), 0, WantedPhase.Running, Since: World.Noon);

    [Fact]
    public void What_is_not_known_not_readable_or_silent_takes_nothing()
    {
        var world = World.Of("host1@az1");
        Assert.Null(Host(world).WhyNot(Web));
        Assert.Equal("nothing is known of it", new BoardHost(new HostId("host1"), null, frozen: false, null).WhyNot(Web));
        Assert.Equal("its placements cannot be read by this build", Host(world, frozen: true).WhyNot(Web));
        Assert.Equal("silent", Host(world.Silence("host1")).WhyNot(Web));
    }

    [Fact]
    public void A_host_that_is_emptied_or_low_takes_nothing_new_and_keeps_what_changes_in_its_place()
    {
        var world = World.Of("host1@az1");
        var drained = Host(world, drain: world.Empty("host1").State.DrainOf(new HostId("host1")));
        Assert.Equal("being emptied by ann", drained.WhyNotNew(Web));
        Assert.Null(drained.WhyNot(Web));

        var low = Host(world.Low("host1", "disk is full"));
        Assert.Equal(("disk is full", (string?)null), (low.WhyNotNew(Web), low.WhyNot(Web)));
    }

    [Fact]
    public void A_port_is_its_owner_s_until_that_leaves()
    {
        var spec = Web.Port(80);
        var host = Host(World.Of("host1@az1"));
        var (first, second) = (Placed("web.0", spec.Instance), Placed("web.1", spec.Instance));
        host.Add(first, spec.Instance);
        Assert.Equal("port 80 is taken by web.0", host.WhyNot(spec));
        Assert.Null(host.WhyNot(Web.Port(81)));

        // Two that have it already: it is the first one's, and free once that is gone.
        host.Add(second, spec.Instance);
        host.Remove(second, spec.Instance);
        Assert.Equal("port 80 is taken by web.0", host.WhyNot(spec));
        host.Remove(first, spec.Instance);
        Assert.Null(host.WhyNot(spec));
    }

    [Fact]
    public void Memory_that_is_promised_is_gone_until_it_is_given_back()
    {
        var spec = Web.Memory(6L << 30);
        var host = Host(World.Of("host1@az1"));
        Assert.Null(host.WhyNot(Web.Memory(8L << 30)));
        host.Add(Placed("web.0", spec.Instance), spec.Instance);
        Assert.Equal("2048 MiB of memory not yet promised, 6144 MiB needed", host.WhyNot(spec));
        Assert.Null(host.WhyNot(Web.Memory(2L << 30)));
        Assert.Null(host.WhyNot(Web));

        host.Remove(Placed("web.0", spec.Instance), spec.Instance);
        Assert.Null(host.WhyNot(spec));
    }

    [Fact]
    public void The_most_that_a_host_may_have_is_a_limit()
    {
        var host = Host(World.Of("host1@az1"));
        for (var i = 0; i < BoardHost.InstancesMax; i++)
        {
            Assert.Null(host.WhyNot(Web));
            host.Add(Placed($"web.{i}", Web.Instance), Web.Instance);
        }

        Assert.Equal("it has 500 instances already, the most that a host may have", host.WhyNot(Web));
        Assert.Equal((500, 500, 0), (host.Count, host.CountOf(Web.Name), host.CountOf(new ServiceName("db"))));
        host.Remove(Placed("web.7", Web.Instance), Web.Instance);
        Assert.Equal((499, 499), (host.Count, host.CountOf(Web.Name)));
    }

    [Fact]
    public void The_first_label_that_it_lacks_is_named_and_cell_is_one()
    {
        var host = Host(World.Of("host1@az1 disk=ssd"));
        Assert.Null(host.LackedLabel(Web.Needs("disk", "hdd", "ssd").Needs("cell", "az1")));
        Assert.Equal("disk=hdd|tape", host.LackedLabel(Web.Needs("disk", "hdd", "tape")));
        Assert.Equal("cell=az2", host.LackedLabel(Web.Needs("cell", "az2").Needs("disk", "ssd")));
        Assert.Equal("gpu=yes", host.LackedLabel(Web.Needs("gpu", "yes")));
        Assert.Equal("no label gpu=yes", host.WhyNot(Web.Needs("gpu", "yes")));
    }
}
