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
    private volatile Wanted _wanted = new(new SelfPoint(SelfState.Running, 0), new SelfPoint(SelfState.Running, 0), "");

    /// <summary>
    /// Of a process that an agent has just started: it may be told there to refuse from its first request on, until the agent
    /// says another thing over its socket.
    /// </summary>
    /// <param name="variable">Its environment.</param>
    public static Traffic Begin(TimeProvider time, Func<string, string?> variable)
    {
        var traffic = new Traffic(time);
        if (variable("ZURG_STATE") == LocalSelf.Refusing)
        {
            traffic.Enter(SelfState.Refusing, variable("ZURG_INSTANCE") ?? "");
        }

        return traffic;
    }

    /// <summary>Exact at every moment; a request that was refused is none.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    public SelfState State => _wanted.Now.State;

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

    /// <param name="epoch">Of what is wanted, handed back once it is so; 0: there was none.</param>
    public void Enter(SelfState state, string instance, long epoch = 0)
    {
        var before = _wanted;
        if (state == SelfState.Draining && before.Now.State != SelfState.Draining)
        {
            _drainingSince = time.GetTimestamp();
        }

        var stays = state == before.Now.State;
        _wanted = new Wanted(new SelfPoint(state, epoch), stays ? before.Before : before.Now, instance)
        {
            HasEmptied = stays && before.HasEmptied,
        };
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
        switch (wanted.Now.State)
        {
            case SelfState.Running:
                return wanted.Now.Word(count);
            case SelfState.Draining:
                return wanted.Now.Word(count == 0 && !IsSettled() ? 1 : count);
            default:
                // From the first 0 on nothing is under way, though one that is being refused is counted for a moment.
                wanted.HasEmptied |= count == 0;
                return wanted.HasEmptied ? wanted.Now.Word(0) : wanted.Before.Word(count);
        }
    }

    private bool IsSettled()
    {
        var lastEnd = Volatile.Read(ref _lastEnd);
        return lastEnd == long.MinValue
            || time.GetElapsedTime(lastEnd) >= Settled
            || time.GetElapsedTime(_drainingSince) >= SettledWithin;
    }

    /// <summary>What the process goes by.</summary>
    private sealed record SelfPoint(SelfState State, long Epoch)
    {
        public LocalInFlight Word(int count) => new(count, TextOf(State), Epoch);

        private static string TextOf(SelfState state) => state switch
        {
            SelfState.Running => LocalSelf.Running,
            SelfState.Draining => LocalSelf.Draining,
            SelfState.Refusing => LocalSelf.Refusing,
        };
    }

    /// <param name="Before">Of the state before this one: what was accepted by it may still be under way.</param>
    private sealed record Wanted(SelfPoint Now, SelfPoint Before, string Instance)
    {
        /// <summary>Nothing that was accepted before it refused is under way.</summary>
        public bool HasEmptied { get; set; }
    }
}
