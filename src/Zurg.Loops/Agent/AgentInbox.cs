using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// The way into the agent's loop. The hands wait when it is full; the session's reader never waits, so what it says lies in slots
/// where the newest replaces what was not yet taken.
/// </summary>
public sealed class AgentInbox
{
    private readonly Channel<AgentInput> _inputs = Channel.CreateBounded<AgentInput>(
        new BoundedChannelOptions(InputsMax) { SingleReader = true });

    private Assignment? _assigned;
    private long _eventsKept;

    public ValueTask PostAsync(AgentInput input, CancellationToken stop) => _inputs.Writer.WriteAsync(input, stop);

    /// <summary>Never waits.</summary>
    /// <returns>False: it is full, and this must be said again later.</returns>
    public bool TryPost(AgentInput input) => _inputs.Writer.TryWrite(input);

    /// <summary>Never waits. Of several not yet taken the highest generation stays.</summary>
    public void Assign(Assignment assignment)
    {
        var waiting = Volatile.Read(ref _assigned);
        while (!(waiting?.Generation > assignment.Generation))
        {
            var seen = Interlocked.CompareExchange(ref _assigned, assignment, waiting);
            if (ReferenceEquals(seen, waiting))
            {
                break;
            }

            waiting = seen;
        }

        Wake();
    }

    /// <summary>Never waits. A master keeps events up to this number.</summary>
    public void KeptEvents(long number)
    {
        var waiting = Volatile.Read(ref _eventsKept);
        while (waiting < number && Interlocked.CompareExchange(ref _eventsKept, number, waiting) is var seen && seen != waiting)
        {
            waiting = seen;
        }

        Wake();
    }

    /// <summary>Lets the loop step. When the inbox is full it is about to do so anyway.</summary>
    public void Wake() => _inputs.Writer.TryWrite(Ticked);

    /// <summary>Ends when something may be taken.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken stop) => _inputs.Reader.WaitToReadAsync(stop);

    /// <summary>What the session's slots hold comes first.</summary>
    public bool TryTake([MaybeNullWhen(false)] out AgentInput input)
    {
        if (Interlocked.Exchange(ref _assigned, null) is { } assignment)
        {
            input = new AgentInput.Assigned(assignment);
            return true;
        }

        if (Interlocked.Exchange(ref _eventsKept, 0) is var kept and > 0)
        {
            input = new AgentInput.EventsKept(kept);
            return true;
        }

        return _inputs.Reader.TryRead(out input);
    }

    /// <summary>More than 200 instances say in one go while they start.</summary>
    public const int InputsMax = 1024;

    private static readonly AgentInput Ticked = new AgentInput.Tick();
}
