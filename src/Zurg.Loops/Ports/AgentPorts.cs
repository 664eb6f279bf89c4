using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>The agent's hands: processes, artifacts, ports, probes, templates.</summary>
public interface IAgentHands
{
    /// <summary>Begins an effect and returns at once; what comes of it arrives through the agent loop's inputs.</summary>
    void Begin(AgentEffect effect);

    /// <summary>
    /// Everything on this host that an agent of this directory started and that leads a session or is all that is left of one:
    /// found by its environment, so that it is known with any journal and without one. Searches all of /proc; once, at the start.
    /// </summary>
    ImmutableArray<Stray> FindAll();

    /// <summary>
    /// Does an effect within the call when that takes next to no time: a restart that goes through four effects then needs
    /// neither four hops between threads nor four journal writes. False: nothing was done, and Begin is to be called.
    /// </summary>
    /// <param name="kept">
    /// Whether the journal has the step that asks for it. Before, only what leaves nothing behind outside of this process is
    /// done: looking, and what the process itself remembers.
    /// </param>
    /// <param name="answer">What came of it, where the effect has an answer.</param>
    bool TryDo(AgentEffect effect, bool kept, out AgentInput? answer);
}

/// <summary>What survives the agent's death.</summary>
public interface IAgentJournal
{
    ValueTask<AgentJournalContent> LoadAsync(CancellationToken stop);

    /// <summary>
    /// All or nothing, before the effects that it announces are begun: the records, the assignment, the events (then those up to
    /// EventsKept go), and the three counters of <see cref="AgentCommit.State"/>. When it returns the write survives the agent's
    /// death, and a power loss too if the commit says <see cref="AgentCommit.Durable"/>. Any exception means that nobody knows
    /// whether it was written: the very same commit comes again.
    /// </summary>
    ValueTask WriteAsync(AgentCommit commit, CancellationToken stop);
}

/// <param name="Epoch">This run of the agent: greater than every earlier one's, already durable.</param>
/// <param name="State">As it was last written: instances, assignment, events, the three counters. After a
/// reboot LastIncarnation is what was reserved: numbers that were given out behind the last fsync may be lost.</param>
/// <param name="Unreadable">Records that could not be read, in words; they are kept aside, not lost in silence.</param>
public sealed record AgentJournalContent(Epoch Epoch, AgentState State, ImmutableArray<string> Unreadable);

/// <summary>The way to the master. It never waits: what is said lies in a latest-wins slot.</summary>
public interface IMasterSession
{
    /// <summary>The newest whole truth of this host replaces one not yet sent.</summary>
    void Report(HostReport report);
}

/// <summary>Sees each new state of the agent once it is durable: the local socket, naming, metrics.</summary>
public interface IAgentObserver
{
    void Observe(AgentState state);
}
