using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>One agent's session as its speaker uses it. No call waits: each kind of message has one latest-wins slot.</summary>
public interface IHostSession
{
    HostId Host { get; }

    /// <summary>Of two sessions of one host, the one with the newer epoch counts; of equal epochs, the later one.</summary>
    Epoch AgentEpoch { get; }

    void Assign(Assignment assignment);

    /// <summary>Events of this agent's journal up to <paramref name="number"/> are in the event log.</summary>
    void KeepEvents(long number);

    /// <summary>
    /// From now on the host is told the sets of these services and of no others, and nothing that was so before
    /// <paramref name="since"/>: there its facts say that it follows them.
    /// </summary>
    void Follow(ImmutableArray<ServiceName> services, Revision since);

    /// <summary>Says why and ends the session.</summary>
    void Refuse(string reason);
}

/// <summary>The speaker as sessions see it. No call waits: each kind of word has one slot per host.</summary>
public interface ISpeaker
{
    void Connected(IHostSession session, AgentHello hello);

    /// <summary>Reports of a session that is no longer its host's newest are ignored.</summary>
    void Reported(IHostSession session, HostReport report);

    /// <summary>What the host's consumers ask for: told by <see cref="IHostSession.Follow"/>, once it is stored.</summary>
    void Subscribed(IHostSession session, NamingSubscription subscription);

    /// <summary>The newest word replaces one not yet taken.</summary>
    void Confirmed(IHostSession session, NamingConfirmation confirmation);

    void Disconnected(IHostSession session);

    /// <summary>The newest reading replaces one not yet taken.</summary>
    void Measured(IHostSession session, HostMeasures measures);
}

/// <summary>What happened, kept for people: each master has its own log, and it is never in the store.</summary>
public interface IEventLog
{
    /// <summary>
    /// Durable when it returns. Events of an agent carry their journal number: (host, agent epoch-independent number) is kept
    /// once, so a repeated append is harmless.
    /// </summary>
    /// <param name="agent">The host whose journal they come from; null for the master's own.</param>
    /// <param name="events">In the order in which they happened.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="StoreFaultException">They may not be durable: append them again.</exception>
    ValueTask AppendAsync(HostId? agent, ImmutableArray<EventRecord> events, CancellationToken stop);
}

/// <summary>A server's own view of the cluster: each snapshot whole, newer than the one before.</summary>
public interface IClusterView
{
    /// <summary>The newest one; empty (revision 0) before the first list of the store has come in.</summary>
    ClusterSnapshot Current { get; }

    /// <summary>The newest snapshot now, then newer ones; those in between are left out when the reader is slow.</summary>
    IAsyncEnumerable<ClusterSnapshot> WatchAsync(CancellationToken stop);
}

/// <param name="State">The fold of the store.</param>
/// <param name="Naming">The endpoint sets that follow from it.</param>
public sealed record ClusterSnapshot(ClusterState State, NamingState Naming);
