using Zurg.Agent.Usage;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;

namespace Zurg.Tests.Agent.Usage;

public sealed class SocketUsesTests
{
    private const string Here = "10.0.0.1";
    private static readonly ServiceName Own = new("own");
    private static readonly ServiceName Far = new("far");

    private static readonly ServicePorts Ports = new(
        new Dictionary<int, ServiceName> { [8000] = Own },
        new Dictionary<SocketEnd, ServiceName> { [End("10.0.0.2", 9000)] = Far });

    [Fact]
    public void A_machine_that_is_connected_to_an_own_instance_is_known_by_its_address()
    {
        var uses = Of(Tcp(Here, 8000, "10.0.0.9", 40000), Tcp(Here, 8000, "10.0.0.9", 40001), Tcp(Here, 22, "10.0.0.8", 1));
        Assert.Equal(new ForeignClient(Own, IpNumber.Parse("10.0.0.9")!.Value), Assert.Single(uses.From));
        Assert.Empty(uses.Clients);
    }

    [Fact]
    public void A_client_on_the_same_host_is_seen_at_its_own_end()
    {
        var uses = Of(Tcp(Here, 8000, Here, 40000), Tcp(Here, 40000, Here, 8000, inode: 77));
        Assert.Equal((Own, 77L), (Assert.Single(uses.Clients).Service, uses.Clients[0].Inode));
        Assert.Empty(uses.From);
        // Through the loopback, though the set names another address.
        Assert.Equal(Own, Assert.Single(Of(Tcp("127.0.0.1", 40000, "127.0.0.1", 8000)).Clients).Service);
    }

    [Fact]
    public void A_client_of_another_hosts_endpoint_is_seen_here_and_nobody_else_on_that_port()
    {
        var uses = Of(Tcp(Here, 40000, "10.0.0.2", 9000), Tcp(Here, 40001, "10.0.0.3", 9000), Tcp(Here, 40002, "10.0.0.2", 9001));
        Assert.Equal(Far, Assert.Single(uses.Clients).Service);
    }

    [Fact]
    public void What_is_over_counts_only_for_another_machine()
    {
        // The agent's own probes leave such sockets behind, and nobody says whose they were.
        var uses = Of(
            Tcp(Here, 8000, "10.0.0.9", 40000, over: true), Tcp(Here, 8000, Here, 40001, over: true),
            Tcp(Here, 40001, Here, 8000, over: true));
        Assert.Single(uses.Passed);
        Assert.Empty(uses.From);
        Assert.Empty(uses.Clients);
        Assert.Empty(Of(Tcp(Here, 8000, "10.0.0.9", 1, over: true), Tcp(Here, 8000, "10.0.0.9", 2)).Passed);
    }

    [Fact]
    public void Addresses_of_both_kinds_are_one()
    {
        Assert.Equal(IpNumber.Parse("::ffff:10.0.0.1"), IpNumber.Parse("10.0.0.1"));
        Assert.Equal("10.0.0.1", IpNumber.TextOf(IpNumber.Parse("10.0.0.1")!.Value));
        Assert.Equal("fe80::1", IpNumber.TextOf(IpNumber.Parse("fe80::1")!.Value));
        Assert.Null(IpNumber.Parse("host1"));
    }

    [Fact]
    public void The_ports_of_followed_sets_are_looked_for_at_their_addresses()
    {
        var set = NamingFixtures.Set("web", 1, NamingFixtures.At("web.0", 8080, host: "host9"));
        var endpoint = set.Endpoints[0];
        var ports = ServicePorts.Of(null, [set, set with { Endpoints = [endpoint with { Address = "a name" }] }]);
        Assert.Equal(
            endpoint.Ports.Values.Select(p => End(endpoint.Address, p)).ToHashSet(), [.. ports.Endpoints.Keys]);
        Assert.True(ServicePorts.Of(null, []).IsEmpty);
        var carried = NamingFixtures.Instance("front.0", InstancePhase.Running);
        carried = carried with { Assigned = carried.Assigned with { Uses = [new UseSpec(Far, "127.0.0.1", 9981)] } };
        var carries = ServicePorts.Of(NamingFixtures.State(carried), []);
        Assert.Equal(Far, carries.Endpoints[End("127.0.0.1", 9981)]);
    }

    private static SocketUses Of(params TcpConnection[] connections) => SocketUses.Of(connections, Ports);

    private static SocketEnd End(string address, int port) => new(IpNumber.Parse(address)!.Value, port);

    private static TcpConnection Tcp(
        string local, int port, string remote, int remotePort, long inode = 1, bool over = false) =>
        new(End(local, port), End(remote, remotePort), over ? 0 : inode, over);
}
