using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// What people want of the whole cluster, every default filled in (Core/Intent does that, once): cluster.yaml after it was read.
/// </summary>
public sealed record ClusterSpec
{
    public required ClusterName Cluster { get; init; }

    /// <summary>Failure domains that hosts may belong to; empty when the cluster does not care.</summary>
    public ImmutableArray<CellName> Cells { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Ordered by name.</summary>
    public ImmutableArray<ServiceSpec> Services { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Plain settings: ${settings.NAME} in env and args, {{settings.NAME}} in templates.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init => field = value ?? Wire.NoText; } = Wire.NoText;

    /// <summary>
    /// Public keys by name, each a SubjectPublicKeyInfo in base64: a release runs only with a signature of one of them. Null:
    /// releases need none.
    /// </summary>
    public ImmutableSortedDictionary<string, string>? Keys { get; init; }

    public ImmutableArray<RouteSpec> Routes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What every host is to keep free; null in specs of builds that did not know it: the usual then.</summary>
    public ReserveSpec? Reserve { get; init; }

    /// <summary>Null in specs of builds that did not know it: nobody is told then.</summary>
    public AlertsSpec? Alerts { get; init; }

    public ServiceSpec? Find(ServiceName service) => Services.FirstOrDefault(s => s.Name == service);
}

/// <summary>Which requests from outside reach which service. Parsed and validated; served by the gateway.</summary>
public sealed record RouteSpec
{
    /// <summary>Any host name when null.</summary>
    public string? Host { get; init; }

    /// <summary>A path prefix that starts with '/'.</summary>
    public required string Path { get; init; }

    public required ServiceName Service { get; init; }
}
