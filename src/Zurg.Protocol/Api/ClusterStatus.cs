using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Everything at a glance: zurg status.</summary>
public sealed record ClusterStatus
{
    public ClusterName? Cluster { get; init; }

    public required SpecNumber Spec { get; init; }

    /// <summary>Neither a step nor a hold is left.</summary>
    public required bool Converged { get; init; }

    public ImmutableArray<ServiceStatus> Services { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<HostStatus> Hosts { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<Hold> Holds { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record ServiceStatus
{
    public required ServiceName Service { get; init; }

    /// <summary>What the newest spec wants; null once the service has left it.</summary>
    public ReleaseId? Release { get; init; }

    public required int Wanted { get; init; }

    public required int Ready { get; init; }

    public required bool Stopped { get; init; }

    /// <summary>Who retired it: no instance of it is wanted. Null: nobody did.</summary>
    public RetiredIntent? Retired { get; init; }

    /// <summary>The newest change of it, under way or over; null before the first.</summary>
    public RolloutStatus? Rollout { get; init; }

    public ImmutableArray<PlacedInstance> Instances { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>An instance with its place; the status is null until its agent has reported it.</summary>
public sealed record PlacedInstance(
    InstanceId Instance,
    HostId Host,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] CellName? Cell,
    bool UpToDate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] InstanceStatus? Status)
{
    /// <summary>Since when its consumers are told to let go of it, before it is stopped.</summary>
    public DateTimeOffset? DrainingSince { get; init; }

    /// <summary>No consumer is told of it: the other side of a blue-green change serves.</summary>
    public bool? Unlisted { get; init; }

    /// <summary>It is told to answer no new request: the other side of a strict blue-green change is about to serve.</summary>
    public bool? Refuse { get; init; }
}

public sealed record HostStatus
{
    public required HostId Host { get; init; }

    public required HostSession Session { get; init; }

    public required DateTimeOffset SessionSince { get; init; }

    public required HostDescription Description { get; init; }

    /// <summary>
    /// The generation at which its placements last changed; the host has them once it applied this one or a later.
    /// </summary>
    public required Generation Wanted { get; init; }

    public required Generation Applied { get; init; }

    public required int Instances { get; init; }

    public required int Ready { get; init; }

    /// <summary>Who is emptying it; null when nobody is.</summary>
    public HostIntent? Drained { get; init; }

    /// <summary>By whose word it is lost; null while it is not.</summary>
    public LostIntent? Lost { get; init; }

    /// <summary>What it is short of; while there is any, it gets no new instance.</summary>
    public ImmutableArray<HostLow> Lows { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// The newest reading that the answering master has heard; null in /v1/status, and before the first one. In lists without
    /// its instances.
    /// </summary>
    public HostMeasures? Measures { get; init; }
}
