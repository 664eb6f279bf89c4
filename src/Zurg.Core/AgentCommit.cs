using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// One step of the agent's brain. In this order: journal (durable), publish the state, do the effects, report (STYLE.md rule 6).
/// </summary>
public sealed record AgentCommit
{
    public required AgentState State { get; init; }

    /// <summary>Instances whose journal record changed; a null record forgets the instance.</summary>
    public ImmutableArray<(InstanceId Instance, InstanceState? Record)> Records { get; init; } = [];

    /// <summary>Set when a new assignment was taken over.</summary>
    public Assignment? Assignment { get; init; }

    /// <summary>Events that came to be in this step; they are in the state's list too.</summary>
    public ImmutableArray<EventRecord> Events { get; init; } = [];

    /// <summary>A master keeps these: the journal may drop events up to this number.</summary>
    public long? EventsKept { get; init; }

    public ImmutableArray<AgentEffect> Effects { get; init; } = [];

    /// <summary>Something that others can see changed: report now rather than at the next second.</summary>
    public bool ReportNow { get; init; }

    /// <summary>When to send a Tick; null when time alone changes nothing.</summary>
    public DateTimeOffset? WakeAt { get; init; }
}
