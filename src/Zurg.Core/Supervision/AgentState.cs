using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What the agent's brain knows. The journal holds what of it must survive: the assignment and each instance's record.</summary>
public sealed record AgentState
{
    public required HostId Host { get; init; }

    /// <summary>The last one taken over; null on a host that never had any.</summary>
    public Assignment? Assignment { get; init; }

    public ImmutableSortedDictionary<InstanceId, InstanceState> Instances { get; init; } =
        ImmutableSortedDictionary<InstanceId, InstanceState>.Empty;

    /// <summary>Events not yet kept by a master, oldest first; bounded: the oldest go first beyond <see cref="EventsMax"/>.</summary>
    public ImmutableList<EventRecord> Events { get; init; } = [];

    /// <summary>The journal number of the newest event.</summary>
    public long LastEvent { get; init; }

    public bool ShuttingDown { get; init; }

    public const int EventsMax = 10_000;
}

/// <summary>One instance on this host: its incarnation's machine and what outlives incarnations. A journal record.</summary>
public sealed record InstanceState
{
    /// <summary>What the current incarnation runs, or the next one will.</summary>
    public required AssignedInstance Assigned { get; init; }

    public required Incarnation Incarnation { get; init; }

    public required InstancePhase Phase { get; init; }

    /// <summary>When it entered the phase.</summary>
    public required DateTimeOffset Since { get; init; }

    public bool Healthy { get; init; }

    /// <summary>Probe failures in a row.</summary>
    public int Failures { get; init; }

    public Launch? Launch { get; init; }

    public ProcessIdentity? Process { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Not before this: backing off.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Ends that nobody asked for within the restart window, oldest first.</summary>
    public ImmutableArray<DateTimeOffset> RecentCrashes { get; init => field = value.IsDefault ? [] : value; } = [];

    public int Crashes { get; init; }

    public Hold? Hold { get; init; }

    public InstanceExit? LastExit { get; init; }

    /// <summary>Why the running incarnation is being stopped; null when it is not.</summary>
    public string? StopReason { get; init; }

    /// <summary>The assignment no longer has it: it stops and is then forgotten.</summary>
    public bool Leaving { get; init; }

    /// <summary>SIGKILL was sent to the tree.</summary>
    public bool Killing { get; init; }
}
