using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// One step of the agent's brain. In this order: journal (durable), publish the state, do the effects, report (STYLE.md rule 6).
/// </summary>
public sealed record AgentCommit
{
    public required AgentState State { get; init; }

    /// <summary>Instances whose journal record changed, each once; a null record forgets the instance.</summary>
    public ImmutableSortedDictionary<InstanceId, InstanceState?> Records { get; init; } =
        ImmutableSortedDictionary<InstanceId, InstanceState?>.Empty;

    /// <summary>Set when a new assignment was taken over.</summary>
    public Assignment? Assignment { get; init; }

    /// <summary>Events that came to be in this step; they are in the state's list too.</summary>
    public ImmutableArray<EventRecord> Events { get; init; } = [];

    /// <summary>A master keeps these: the journal may drop events up to this number.</summary>
    public long? EventsKept { get; init; }

    public ImmutableArray<AgentEffect> Effects { get; init; } = [];

    /// <summary>Something that others can see changed: report now rather than at the next second.</summary>
    public bool ReportNow { get; init; }

    /// <summary>
    /// The journal must bring this to the disk (fsync) before it returns. Otherwise it is enough that it survives the agent's own
    /// death, as a write that the kernel has. Only assignments and reserved incarnation numbers outlive a power loss: that ends
    /// every process, so pids, ports, phases and health say nothing after it, while a number that was used twice would make
    /// consumers take one incarnation for another. So 200 instances that start together cost one fsync: the one of their
    /// assignment.
    /// </summary>
    public bool Durable { get; init; }

    /// <summary>When to send a Tick; null when time alone changes nothing.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>Nothing for the journal to keep.</summary>
    public bool IsEmpty => Records.IsEmpty && Assignment is null && Events.IsEmpty && EventsKept is null && !Durable;

    /// <summary>
    /// This step and the next one as one: one journal write for both, then the effects of both in their order. Only the last
    /// state is ever seen.
    /// </summary>
    public AgentCommit Then(AgentCommit next) => next with
    {
        Records = Records.SetItems(next.Records),
        Assignment = next.Assignment ?? Assignment,
        Events = Events.AddRange(next.Events),
        EventsKept = next.EventsKept ?? EventsKept,
        Effects = Effects.AddRange(next.Effects),
        ReportNow = ReportNow || next.ReportNow,
        Durable = Durable || next.Durable,
    };
}
