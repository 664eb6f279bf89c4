using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>How somebody is known to use a service.</summary>
[JsonConverter(typeof(WireEnumConverter<UseEvidence>))]
public enum UseEvidence
{
    Unknown,

    /// <summary>cluster.yaml says so: depends_on, uses, a route.</summary>
    Declared,

    /// <summary>A process follows its endpoints on its host's local socket.</summary>
    Follows,

    /// <summary>A process asked for its endpoints once, or asks again and again.</summary>
    Asked,

    /// <summary>A process of a host has TCP connections to one of its endpoints.</summary>
    Connected,

    /// <summary>One of its instances has TCP connections from an address; which process is there is not known.</summary>
    ConnectedFrom,
}

/// <summary>One client of one service as one host saw it, the same client over all of its processes and connections.</summary>
public sealed record UseSighting
{
    public required ServiceName Service { get; init; }

    public required UseEvidence Evidence { get; init; }

    /// <summary>The client, when it is an instance.</summary>
    public InstanceId? Instance { get; init; }

    /// <summary>The client, when it is no instance: its program and what that runs, without its other arguments.</summary>
    public string? Command { get; init; }

    /// <summary>The client's IP address; the client itself, when nothing else of it is known.</summary>
    public string? Address { get; init; }

    /// <summary>Of the process seen last.</summary>
    public int? Pid { get; init; }

    /// <summary>
    /// Not one client but so many of this evidence at once, beyond those that are told one by one; null: one client.
    /// </summary>
    public int? Others { get; init; }

    public required DateTimeOffset First { get; init; }

    public required DateTimeOffset Last { get; init; }

    /// <summary>It is still so; <see cref="Last"/> is then when that was told, and it is told again each hour.</summary>
    public required bool Open { get; init; }
}
