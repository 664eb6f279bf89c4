using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>All ready instances of one service at one revision.</summary>
public sealed record EndpointSet
{
    public required ServiceName Service { get; init; }

    /// <summary>The store revision of the last write that changed it; never goes back.</summary>
    public required Revision Revision { get; init; }

    /// <summary>Ordered by instance.</summary>
    public ImmutableArray<Endpoint> Endpoints { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Where one instance answers.</summary>
public sealed record Endpoint
{
    public required InstanceId Instance { get; init; }

    public required Incarnation Incarnation { get; init; }

    public required HostId Host { get; init; }

    public required CellName Cell { get; init; }

    public required string Address { get; init; }

    public ImmutableSortedDictionary<PortName, int> Ports { get; init => field = value ?? NoPorts; } = NoPorts;

    public required ReleaseId Release { get; init; }

    public required EndpointState State { get; init; }

    private static readonly ImmutableSortedDictionary<PortName, int> NoPorts = ImmutableSortedDictionary<PortName, int>.Empty;
}
