using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What the agent's brain knows. The journal holds what of it must survive: the assignment, each instance's record, the events
/// and the three counters.
/// </summary>
public sealed record AgentState
{
    public required HostId Host { get; init; }

    /// <summary>The last one taken over; null on a host that never had any.</summary>
    public Assignment? Assignment { get; init; }

    public ImmutableSortedDictionary<InstanceId, InstanceState> Instances { get; init; } =
        ImmutableSortedDictionary<InstanceId, InstanceState>.Empty;

    /// <summary>
    /// Events not yet kept by a master, oldest first; bounded: the oldest go first beyond <see cref="EventsMax"/>.
    /// </summary>
    public ImmutableList<EventRecord> Events { get; init; } = [];

    /// <summary>The journal number of the newest event. Journalled: a number is never used for two events.</summary>
    public long LastEvent { get; init; }

    /// <summary>
    /// The newest incarnation of any instance on this host. Journalled: one counter for all, so that an instance that leaves and
    /// comes back never meets what is still said of its earlier stay.
    /// </summary>
    public Incarnation LastIncarnation { get; init; }

    /// <summary>
    /// Incarnation numbers up to this one are taken as far as the disk is concerned: an agent that comes up after a power loss
    /// goes on behind it. Journalled and always durable, so that the restarts in between need no fsync.
    /// </summary>
    public Incarnation IncarnationsReserved { get; init; }

    /// <summary>Instances whose process a restarted agent is still looking for: what is known of them may be outdated.</summary>
    public ImmutableSortedSet<InstanceId> Sought { get; init; } = ImmutableSortedSet<InstanceId>.Empty;

    /// <summary>Found running without a record, not yet compared with an assignment; not journalled: each start looks.</summary>
    public ImmutableArray<Stray> Strays { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Adopted without a record, their probe not yet asked: they may well be ready, and consumers use them.</summary>
    public ImmutableSortedSet<InstanceId> Unproven { get; init; } = ImmutableSortedSet<InstanceId>.Empty;

    public bool ShuttingDown { get; init; }

    /// <summary>Of the jitter in backoffs; given by the shell, not journalled.</summary>
    public ulong Seed { get; init; }

    /// <summary>The newest time that a step was told, for noticing clocks that jump; not journalled.</summary>
    public DateTimeOffset? Seen { get; init; }

    /// <summary>A shutdown is done: nothing runs any more.</summary>
    public bool IsDown => ShuttingDown && Instances.Values.All(i => i.Phase == InstancePhase.Stopped);

    public const int EventsMax = 10_000;

    /// <summary>When there are too many, so many of the oldest go together, and one event says so.</summary>
    public const int EventsDroppedAtOnce = 1_000;

    /// <summary>So many incarnations cost one fsync.</summary>
    public const int IncarnationsAtOnce = 1_000;

    /// <summary>
    /// Each agent epoch numbers its events from its own multiple of this: after a power loss the last numbers before it may be
    /// gone from the journal though a master has seen them. 9 million epochs stay exact as JSON numbers.
    /// </summary>
    public const long EventsPerEpoch = 1_000_000_000;
}
