using System.Collections.Immutable;

namespace Zurg.Protocol.Local;

/// <summary>
/// All endpoints of one service as a consumer on this host may use them now. What the agent says last is true: it may withdraw an
/// endpoint of its own host before the master does, without a new revision.
/// </summary>
internal sealed record LocalEndpointSet
{
    public required string Service { get; init; }

    /// <summary>0 for a service that nobody has heard of.</summary>
    public required long Revision { get; init; }

    /// <summary>Ordered by instance.</summary>
    public ImmutableArray<LocalEndpoint> Endpoints { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Where one instance answers.</summary>
internal sealed record LocalEndpoint
{
    /// <summary>SERVICE.INDEX, for example web.0.</summary>
    public required string Instance { get; init; }

    public required long Incarnation { get; init; }

    public required string Host { get; init; }

    public required string Cell { get; init; }

    /// <summary>An IP address.</summary>
    public required string Address { get; init; }

    public ImmutableSortedDictionary<string, int> Ports { get; init => field = value ?? NoPorts; } = NoPorts;

    /// <summary>NAME@VERSION.</summary>
    public required string Release { get; init; }

    /// <summary><see cref="Ready"/>; anything else is to be used last, and only when nothing ready is left.</summary>
    public required string State { get; init; }

    public const string Ready = "ready";

    public const string Suspect = "suspect";

    private static readonly ImmutableSortedDictionary<string, int> NoPorts =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);
}

/// <summary>The word of a process: no new request of it goes by an older set of the service than this.</summary>
internal sealed record LocalConfirm(string Service, long Revision);

/// <summary>problem+json (RFC 9457).</summary>
internal sealed record LocalProblem(string Title, int Status, string? Detail);
