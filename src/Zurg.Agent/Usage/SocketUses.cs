using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Usage;

/// <summary>What this host knows of where services answer.</summary>
/// <param name="Own">Ports of its own instances.</param>
/// <param name="Endpoints">
/// Of every service that this host follows, on any host; and where its agent listens on behalf of one.
/// </param>
internal sealed record ServicePorts(
    IReadOnlyDictionary<int, ServiceName> Own, IReadOnlyDictionary<SocketEnd, ServiceName> Endpoints)
{
    public bool IsEmpty => Own.Count == 0 && Endpoints.Count == 0;

    public static ServicePorts Of(AgentState? state, ImmutableArray<EndpointSet> sets)
    {
        var own = new Dictionary<int, ServiceName>();
        foreach (var instance in state?.Instances.Values.Where(i => i is { Process: not null, Launch: not null }) ?? [])
        {
            foreach (var port in instance.Launch!.Ports.Values)
            {
                own[port] = instance.Assigned.Instance.Service;
            }
        }

        var endpoints = new Dictionary<SocketEnd, ServiceName>();
        foreach (var (set, endpoint) in sets.SelectMany(s => s.Endpoints.Select(e => (s, e))))
        {
            foreach (var port in IpNumber.Parse(endpoint.Address) is not null ? endpoint.Ports.Values : [])
            {
                endpoints[new SocketEnd(IpNumber.Parse(endpoint.Address)!.Value, port)] = set.Service;
            }
        }

        // What the agent carries: the program that connects there is the client.
        foreach (var use in state?.Assignment?.Instances.SelectMany(i => i.Uses) ?? [])
        {
            if (IpNumber.Parse(use.Address) is { } listens)
            {
                endpoints[new SocketEnd(listens, use.Number)] = use.Service;
            }
        }

        return new ServicePorts(own, endpoints);
    }
}

/// <summary>A connection to a service, at the client's end of it.</summary>
internal readonly record struct ClientSocket(ServiceName Service, SocketEnd Local, long Inode);

/// <summary>A connection to an instance of this host whose client is elsewhere.</summary>
internal readonly record struct ForeignClient(ServiceName Service, UInt128 Address);

/// <summary>Which connections of a host are uses of a service.</summary>
/// <param name="Clients">Whose process is on this host.</param>
/// <param name="From">Other machines that are connected.</param>
/// <param name="Passed">Other machines that were, within the last minute.</param>
internal sealed record SocketUses(
    ImmutableArray<ClientSocket> Clients, ImmutableArray<ForeignClient> From, ImmutableArray<ForeignClient> Passed)
{
    public static SocketUses Of(IReadOnlyCollection<TcpConnection> connections, ServicePorts ports)
    {
        var clients = ImmutableArray.CreateBuilder<ClientSocket>();
        var (from, passed) = (new HashSet<ForeignClient>(), new HashSet<ForeignClient>());
        var addresses = connections.Select(c => c.Local.Address).ToHashSet();
        foreach (var c in connections)
        {
            if (ports.Own.TryGetValue(c.Local.Port, out var served) && !addresses.Contains(c.Remote.Address))
            {
                (c.Over ? passed : from).Add(new ForeignClient(served, c.Remote.Address));
            }
            else if (!c.Over && ServiceAt(c.Remote, ports, addresses) is { } used)
            {
                clients.Add(new ClientSocket(used, c.Local, c.Inode));
            }
        }

        passed.ExceptWith(from);
        return new SocketUses(clients.ToImmutable(), [.. from], [.. passed]);
    }

    /// <summary>An instance of this host answers at each of the host's addresses, whichever the set names.</summary>
    private static ServiceName? ServiceAt(SocketEnd end, ServicePorts ports, HashSet<UInt128> addresses) =>
        addresses.Contains(end.Address) && ports.Own.TryGetValue(end.Port, out var own) ? own
        : ports.Endpoints.TryGetValue(end, out var followed) ? followed
        : null;
}
