using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>What the processes of one incarnation say is under way in them, together.</summary>
/// <param name="Answered">All of them said it after they heard of the newest state.</param>
internal readonly record struct InFlightWord(int Count, bool Answered);

/// <summary>
/// Tells the instances of this host what is wanted of them, and hears from those that count their requests how many are under
/// way.
/// </summary>
internal sealed class SelfDesk(
    ProcessNames names, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider time) : IAgentObserver
{
    /// <summary>So many processes of one instance may count: workers of a server that forks.</summary>
    public const int CountersMax = 1_000;

    /// <summary>A process that was just started may ask before its start is written down: it waits so long for that.</summary>
    public static readonly TimeSpan KnownWithin = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Processes that counted for an earlier agent come back one after the other, a second or so after this one's start: until
    /// then those that are back do not speak for the others.
    /// </summary>
    public static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(4);

    /// <summary>
    /// A process that had not done as it was told may end without a word, or come back to a restarted agent: who waits for it
    /// hears of that so late at most.
    /// </summary>
    public static readonly TimeSpan LookAgainEvery = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    private readonly long _began = time.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly Dictionary<(InstanceId, Incarnation), SelfEntry> _entries = [];
    private readonly Channel<bool> _open = NewEar();
    private HashSet<(InstanceId, Incarnation)>? _earlier;
    private AgentState? _newest;

    public void Observe(AgentState state)
    {
        lock (_lock)
        {
            _earlier ??= [.. state.Instances.Where(i => i.Value.Counts).Select(i => (i.Key, i.Value.Incarnation))];
            _newest = state;
            foreach (var (key, entry) in _entries.ToList())
            {
                if (StateOf(key) is not { } now)
                {
                    entry.End();
                    _entries.Remove(key);
                }
                else if (now != entry.Wanted)
                {
                    entry.Wanted = now;
                    entry.Wake();
                }
            }

            CallIfOpen_NeedsLock();
        }
    }

    /// <summary>Looks again for as long as somebody has not said yet that it does as it was told.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (await _open.Reader.WaitToReadAsync(stop))
        {
            await Task.Delay(LookAgainEvery, time, stop);
            _open.Reader.TryRead(out _);
            foreach (var told in LookAgain(stop))
            {
                await told;
            }
        }
    }

    /// <summary>The incarnation that a process belongs to; null when it belongs to none of this host.</summary>
    public async Task<(InstanceId Instance, Incarnation Incarnation)?> FindAsync(
        ProcessIdentity process, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var owner = names.OwnerOf(process.Pid);
            if (owner is not null && IsKnown((owner.Assigned.Instance, owner.Incarnation)))
            {
                return (owner.Assigned.Instance, owner.Incarnation);
            }

            if ((owner is null && !names.IsBehind) || time.GetElapsedTime(began) >= KnownWithin)
            {
                return null;
            }

            await Task.Delay(LookEvery, time, stop);
        }
    }

    /// <summary>Null when the incarnation is over.</summary>
    public SelfWord? Current(InstanceId instance, Incarnation incarnation)
    {
        lock (_lock)
        {
            return StateOf((instance, incarnation));
        }
    }

    /// <summary>What is wanted now, then each change, the newest only; ends with the incarnation.</summary>
    public async IAsyncEnumerable<SelfWord> FollowAsync(
        InstanceId instance, Incarnation incarnation, [EnumeratorCancellation] CancellationToken stop)
    {
        var ear = Listen(instance, incarnation);
        SelfWord? said = null;
        try
        {
            while (await ear.Reader.WaitToReadAsync(stop))
            {
                ear.Reader.TryRead(out _);
                if (Current(instance, incarnation) is { } now && now != said)
                {
                    said = now;
                    yield return now;
                }
            }
        }
        finally
        {
            Leave(instance, incarnation, ear);
        }
    }

    /// <summary>A process says how many requests are under way in it, and what it goes by.</summary>
    /// <returns>False when too many of the incarnation do, or when that is over.</returns>
    public async ValueTask<bool> SayAsync(
        InstanceId instance, Incarnation incarnation, ProcessIdentity process, SelfAnswer answer, CancellationToken stop)
    {
        ValueTask told;
        lock (_lock)
        {
            if (EntryOf((instance, incarnation)) is not { } entry || !entry.Take(process, answer))
            {
                return false;
            }

            told = Tell_NeedsLock((instance, incarnation), entry, stop);
            CallIfOpen_NeedsLock();
        }

        await told;
        return true;
    }

    /// <summary>Null while none of its processes has said anything to this agent.</summary>
    public InFlightWord? Counted(InstanceId instance, Incarnation incarnation)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault((instance, incarnation))?.Counted(AreAllBack((instance, incarnation)));
        }
    }

    /// <summary>Has something whenever the incarnation's state or a count of it changed; ends with the incarnation.</summary>
    public Channel<bool> Listen(InstanceId instance, Incarnation incarnation)
    {
        var ear = NewEar();
        ear.Writer.TryWrite(true);
        lock (_lock)
        {
            if (EntryOf((instance, incarnation)) is { } entry)
            {
                entry.Listen(ear);
            }
            else
            {
                ear.Writer.TryComplete();
            }
        }

        return ear;
    }

    public void Leave(InstanceId instance, Incarnation incarnation, Channel<bool> ear)
    {
        lock (_lock)
        {
            _entries.GetValueOrDefault((instance, incarnation))?.Leave(ear);
        }
    }

    private bool IsKnown((InstanceId, Incarnation) key)
    {
        lock (_lock)
        {
            return StateOf(key) is not null;
        }
    }

    private List<ValueTask> LookAgain(CancellationToken stop)
    {
        lock (_lock)
        {
            CallIfOpen_NeedsLock();
            return [.. _entries.Where(IsOpen_NeedsLock).Select(e => Tell_NeedsLock(e.Key, e.Value, stop))];
        }
    }

    /// <summary>Begun inside the lock: the newest word is to be the last one that the brain hears.</summary>
    private ValueTask Tell_NeedsLock((InstanceId Instance, Incarnation) key, SelfEntry entry, CancellationToken stop) =>
        entry.News(_newest!.Instances[key.Instance], AreAllBack(key)) is { } news ? tell(news, stop) : ValueTask.CompletedTask;

    private void CallIfOpen_NeedsLock()
    {
        if (_entries.Any(IsOpen_NeedsLock))
        {
            _open.Writer.TryWrite(true);
        }
    }

    private bool IsOpen_NeedsLock(KeyValuePair<(InstanceId Instance, Incarnation), SelfEntry> entry) =>
        entry.Value.IsOpen(_newest!.Instances[entry.Key.Instance]);

    private bool AreAllBack((InstanceId, Incarnation) key) =>
        time.GetElapsedTime(_began) >= BackWithin || _earlier?.Contains(key) is not true;

    private SelfWord? StateOf((InstanceId Instance, Incarnation Incarnation) key) =>
        _newest?.Instances.GetValueOrDefault(key.Instance) is { } instance && instance.Incarnation == key.Incarnation
            && instance.Phase != InstancePhase.Stopped
            ? InstanceSelf.Of(instance)
            : null;

    private SelfEntry? EntryOf((InstanceId, Incarnation) key)
    {
        if (StateOf(key) is not { } wanted)
        {
            return null;
        }

        return _entries.TryGetValue(key, out var entry) ? entry : _entries[key] = new SelfEntry { Wanted = wanted };
    }

    private static Channel<bool> NewEar() =>
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
}
