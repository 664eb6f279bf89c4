using System.Collections.Immutable;
using Zurg.Protocol.Local;

namespace Zurg.Sdk;

/// <summary>All endpoints of one service as this host's agent knew them at one moment.</summary>
/// <param name="Revision">Grows with the service's changes in the cluster; 0 when nobody has heard of the service.</param>
/// <param name="Endpoints">Ordered by instance.</param>
public sealed record ServiceEndpoints(string Service, long Revision, ImmutableArray<ServiceEndpoint> Endpoints)
{
    internal static ServiceEndpoints From(LocalEndpointSet set) =>
        new(set.Service, set.Revision, [.. set.Endpoints.Select(ServiceEndpoint.From)]);
}

/// <summary>Where one instance answers.</summary>
public sealed record ServiceEndpoint
{
    /// <summary>SERVICE.INDEX, for example web.0.</summary>
    public required string Instance { get; init; }

    /// <summary>Grows with every start of the instance.</summary>
    public required long Incarnation { get; init; }

    public required string Host { get; init; }

    public required string Cell { get; init; }

    /// <summary>An IP address.</summary>
    public required string Address { get; init; }

    public required ImmutableSortedDictionary<string, int> Ports { get; init; }

    /// <summary>NAME@VERSION.</summary>
    public required string Release { get; init; }

    /// <summary>On a host that has fallen silent: to be used last, and only when nothing else is left.</summary>
    public required bool Suspect { get; init; }

    internal static ServiceEndpoint From(LocalEndpoint e) => new()
    {
        Instance = e.Instance,
        Incarnation = e.Incarnation,
        Host = e.Host,
        Cell = e.Cell,
        Address = e.Address,
        Ports = e.Ports,
        Release = e.Release,
        Suspect = e.State != LocalEndpoint.Ready,
    };
}
