using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>Everybody who uses a service or did within 31 days, with the evidence.</summary>
public sealed record ServiceUsers
{
    public required ServiceName Service { get; init; }

    /// <summary>Those that use it now first, then the latest; a client has one entry for each host that it is on.</summary>
    public ImmutableArray<ServiceUser> Users { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Some host has watched since then, at most 31 days; null: none does yet.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Hosts that have watched for less long than that, or not at all: clients of them may be missing.</summary>
    public ImmutableArray<PartlyWatchedHost> Gaps { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Set while the service is retired.</summary>
    public RetiredIntent? Retired { get; init; }
}

/// <param name="Since">Null: it is silent, or its agent is too old to watch.</param>
public sealed record PartlyWatchedHost(HostId Host, DateTimeOffset? Since = null);

/// <summary>One client.</summary>
public sealed record ServiceUser
{
    /// <summary>For people: an instance, a service, a route, a program, an address.</summary>
    public required string Client { get; init; }

    /// <summary>Where it is, if on a host of the cluster.</summary>
    public HostId? Host { get; init; }

    /// <summary>It is declared, or it uses the service at this moment.</summary>
    public required bool Now { get; init; }

    /// <summary>When it was last seen at the service; null for what is only declared.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>At least one.</summary>
    public ImmutableArray<UseProof> Proofs { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One piece of evidence.</summary>
/// <param name="Text">What was seen or said, in plain words.</param>
/// <param name="Source">Who says so: a spec by its number and author, a host's agent.</param>
/// <param name="First">When it was first seen, or declared.</param>
/// <param name="Last">When it was last seen, or declared.</param>
/// <param name="Now">It is so now.</param>
public sealed record UseProof(
    UseEvidence Evidence, string Text, string Source, DateTimeOffset First, DateTimeOffset Last, bool Now);
