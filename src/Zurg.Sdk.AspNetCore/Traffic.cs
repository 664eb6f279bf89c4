using System.Threading.Channels;
using Zurg.Protocol.Self;

namespace Zurg.Sdk.AspNetCore;

/// <summary>What the agent wants of this instance.</summary>
internal enum SelfState
{
    Running,

    /// <summary>Answer what still comes, and tell everybody to go.</summary>
    Draining,

    /// <summary>Process nothing new.</summary>
    Refusing,
}

/// <summary>The requests under way in this process, and what the agent is told of them.</summary>
internal sealed class Traffic(TimeProvider time)
{
    /// <summary>
    /// A client that has sent nothing for so long while we drain is between two requests and not in the middle of a row of them:
    /// the longest time in which one who uses its connection all the time comes back and hears that it is to go.
    /// </summary>
    public static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(100);

    /// <summary>Who still opens new connections so long after we began to drain has nobody who tells it where to go.</summary>
    public static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _underWay;
    private long _lastEnd = long.MinValue;
    private long _drainingSince;
    private volatile Wanted _wanted = new(SelfState.Running, SelfState.Running, "");

    /// <summary>Exact at every moment; a request that was refused is none.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    public SelfState State => _wanted.State;

    /// <summary>SERVICE.INDEX; empty before the agent has said it.</summary>
    public string Instance => _wanted.Instance;

    /// <summary>Has something when there is news for the agent that cannot wait.</summary>
    public ChannelReader<bool> News => _news.Reader;

    /// <returns>False: it must not be processed, and <see cref="End"/> is not called for it.</returns>
    public bool TryBegin()
    {
        // First counted, then asked: either the request sees that all are refused, or who says so to the agent sees the request.
        Interlocked.Increment(ref _underWay);
        if (State != SelfState.Refusing)
        {
            return true;
        }

        End();
        return false;
    }

    public void End()
    {
        Volatile.Write(ref _lastEnd, time.GetTimestamp());
        if (Interlocked.Decrement(ref _underWay) == 0 && State != SelfState.Running)
        {
            _news.Writer.TryWrite(true);
        }
    }

    public void Enter(SelfState state, string instance)
    {
        var before = _wanted;
        if (state == SelfState.Draining && before.State != SelfState.Draining)
        {
            _drainingSince = time.GetTimestamp();
        }

        _wanted = new Wanted(state, state == before.State ? before.Before : before.State, instance);
        Interlocked.MemoryBarrier();
        _news.Writer.TryWrite(true);
    }

    /// <summary>
    /// What is true now. "Refusing" is said once nothing that was accepted before is under way. And a draining instance says 0
    /// once a request that is just arriving on a kept connection would have arrived: the next thing that happens is its end.
    /// </summary>
    public LocalInFlight Word()
    {
        var wanted = _wanted;
        var count = UnderWay;
        return wanted.State switch
        {
            SelfState.Running => new LocalInFlight(count, LocalSelf.Running),
            SelfState.Draining => new LocalInFlight(count == 0 && !IsSettled() ? 1 : count, LocalSelf.Draining),
            SelfState.Refusing => new LocalInFlight(count, count == 0 ? LocalSelf.Refusing : TextOf(wanted.Before)),
        };
    }

    private static string TextOf(SelfState state) => state switch
    {
        SelfState.Running => LocalSelf.Running,
        SelfState.Draining => LocalSelf.Draining,
        SelfState.Refusing => LocalSelf.Refusing,
    };

    private bool IsSettled()
    {
        var lastEnd = Volatile.Read(ref _lastEnd);
        return lastEnd == long.MinValue
            || time.GetElapsedTime(lastEnd) >= Settled
            || time.GetElapsedTime(_drainingSince) >= SettledWithin;
    }

    /// <param name="Before">The state before this one.</param>
    private sealed record Wanted(SelfState State, SelfState Before, string Instance);
}
