using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>Everything one host is to run, as the decider wrote it: the key placements/HOST.</summary>
public sealed record HostPlacements
{
    public required HostId Host { get; init; }

    /// <summary>Ordered by instance.</summary>
    public ImmutableArray<Placement> Instances { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>When instances were withdrawn lately without anybody's word: the key actions/unasked.</summary>
public sealed record UnaskedActions(ImmutableArray<DateTimeOffset> At);

/// <summary>One instance on one host.</summary>
/// <param name="Spec">The digest of its <see cref="InstanceSpec"/>, stored under instance_specs/DIGEST.</param>
/// <param name="Restarts">The count of asked-for restarts that this placement carries out.</param>
/// <param name="Wanted">Running, or stopped with its place kept.</param>
/// <param name="DrainingSince">
/// It is to be stopped or changed: its endpoint is withdrawn, and its consumers are waited for. Null: listed when it is ready.
/// </param>
/// <param name="Since">When it was placed or last changed; null in a placement of an earlier build.</param>
/// <param name="Unlisted">It runs and no consumer is told of it: the side of a blue-green change that does not serve.</param>
/// <param name="Refuse">Its process is told to answer no new request: the side of a strict switch that is not to answer.</param>
/// <param name="Ends">
/// This incarnation is to end, whatever it runs: it was let go of for a change, or goes by old files. A later one is begun.
/// </param>
/// <param name="TrafficEpoch">
/// Another, higher one each time <paramref name="Refuse"/> changes; its process says which it goes by. Null: that never changed.
/// </param>
public sealed record Placement(
    InstanceId Instance, Digest Spec, long Restarts, WantedPhase Wanted, DateTimeOffset? DrainingSince = null,
    DateTimeOffset? Since = null, bool? Unlisted = null, bool? Refuse = null, Incarnation? Ends = null,
    long? TrafficEpoch = null)
{
    /// <summary>What the agent reports is what this asks for, and nothing here is to end it.</summary>
    public bool IsOf(InstanceStatus status) =>
        status.Spec == Spec && status.Restarts == Restarts && status.Incarnation != Ends;
}
