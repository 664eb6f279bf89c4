using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Ports;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Ports;

public sealed class PortPoolTests
{
    private static readonly InstanceId Other = InstanceId.Parse("other.0");

    [Fact]
    public void A_port_in_use_is_not_picked()
    {
        using var taken = Listen(out var port);
        var free = port == 65535 ? port - 1 : port + 1;
        var pool = new PortPool(Math.Min(port, free), Math.Max(port, free), 0);
        Assert.Equal(free, Picked(pool, AgentSamples.Web, 1)["http"]);
        var hold = Held(pool.Pick(Other, new Incarnation(1), AgentSamples.Specs(("http", null))));
        Assert.Contains("no port of", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_instance_gets_its_last_port_again_and_nobody_else_while_it_has_it()
    {
        var pool = new PortPool(21000, 21099, 7);
        var first = Picked(pool, AgentSamples.Web, 1)["http"];
        Assert.NotEqual(first, Picked(pool, Other, 1)["http"]);
        pool.Release(AgentSamples.Web, new Incarnation(1));
        Assert.Equal(first, Picked(pool, AgentSamples.Web, 2)["http"]);
        Assert.Equal(first, Picked(pool, AgentSamples.Web, 2)["http"]);
    }

    [Fact]
    public void What_an_earlier_agent_gave_is_kept()
    {
        var pool = new PortPool(21100, 21101, 0);
        pool.Restore(Other, new Incarnation(4), AgentSamples.Ports(("http", 21100)), true);
        Assert.Equal(21101, Picked(pool, AgentSamples.Web, 1)["http"]);
    }

    [Fact]
    public void A_fixed_port_that_is_taken_names_the_process_that_has_it()
    {
        using var taken = Listen(out var port);
        var hold = Held(
            new PortPool(21200, 21299, 0).Pick(AgentSamples.Web, new Incarnation(1), AgentSamples.Specs(("http", port))));
        Assert.Equal(HoldReason.PortUnavailable, hold.Reason);
        var owner = string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} ");
        Assert.Contains(owner, hold.Text, StringComparison.Ordinal);
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fixed_port_that_another_instance_has_names_it()
    {
        var pool = new PortPool(21300, 21399, 0);
        Assert.IsType<PortOutcome.Picked>(pool.Pick(Other, new Incarnation(1), AgentSamples.Specs(("http", 21300))));
        var hold = Held(pool.Pick(AgentSamples.Web, new Incarnation(1), AgentSamples.Specs(("http", 21300))));
        Assert.Contains("other.0 on this host", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_ports_of_one_instance_differ_and_a_refusal_gives_none()
    {
        using var taken = Listen(out var port);
        var pool = new PortPool(21400, 21401, 0);
        Held(pool.Pick(AgentSamples.Web, new Incarnation(1), AgentSamples.Specs(("a", null), ("b", null), ("c", port))));
        var picked = Assert.IsType<PortOutcome.Picked>(
            pool.Pick(Other, new Incarnation(1), AgentSamples.Specs(("a", null), ("b", 21401)))).Ports;
        Assert.Equal([21400, 21401], picked.Values);
    }

    private static Dictionary<string, int> Picked(PortPool pool, InstanceId instance, long incarnation) =>
        Assert.IsType<PortOutcome.Picked>(pool.Pick(instance, new Incarnation(incarnation), AgentSamples.Specs(("http", null))))
            .Ports.ToDictionary(p => p.Key.Value, p => p.Value);

    private static Hold Held(PortOutcome outcome) => Assert.IsType<PortOutcome.Held>(outcome).Hold;

    private static TcpListener Listen(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }
}
