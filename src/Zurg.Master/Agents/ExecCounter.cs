using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Security.Cryptography;

namespace Zurg.Master.Agents;

/// <summary>Where an agent that dials back with a ticket meets the caller who waits for it.</summary>
internal sealed class ExecCounter
{
    private readonly ConcurrentDictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);

    /// <summary>A ticket that nobody can guess, for one use.</summary>
    /// <param name="terminal">Only an agent that knows terminals may take it.</param>
    public Waiting Open(bool terminal)
    {
        var waiting = new Waiting(RandomNumberGenerator.GetHexString(32, lowercase: true), terminal);
        _waiting[waiting.Ticket] = waiting;
        return waiting;
    }

    /// <summary>Whether a caller waits with this ticket.</summary>
    public Waiting? Take(string ticket) => _waiting.TryRemove(ticket, out var waiting) ? waiting : null;

    /// <summary>The caller waits no more.</summary>
    public void Close(Waiting waiting)
    {
        _waiting.TryRemove(waiting.Ticket, out _);
        waiting.Done.TrySetResult();
    }

    internal sealed class Waiting(string ticket, bool terminal)
    {
        public string Ticket { get; } = ticket;

        public bool NeedsTerminal { get; } = terminal;

        /// <summary>Null: the agent that dialled knows no terminals, and runs nothing.</summary>
        public TaskCompletionSource<WebSocket?> Dialled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The agent's socket is needed no more.</summary>
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
