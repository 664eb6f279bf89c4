using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Zurg.Agent.Processes;
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
    ProcessNames names, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider clock) : IAgentObserver
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

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    private readonly long _began = clock.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly Dictionary<(InstanceId, Incarnation), Entry> _entries = [];
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
                else if (now != entry.State)
                {
                    entry.State = now;
                    entry.Wake();
                }
            }
        }
    }

    /// <summary>The incarnation that a process belongs to; null when it belongs to none of this host.</summary>
    public async Task<(InstanceId Instance, Incarnation Incarnation)?> FindAsync(
        ProcessIdentity process, TimeProvider time, CancellationToken stop)
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
    public SelfState? Current(InstanceId instance, Incarnation incarnation)
    {
        lock (_lock)
        {
            return StateOf((instance, incarnation));
        }
    }

    /// <summary>The state now, then each change, the newest only; ends with the incarnation.</summary>
    public async IAsyncEnumerable<SelfState> FollowAsync(
        InstanceId instance, Incarnation incarnation, [EnumeratorCancellation] CancellationToken stop)
    {
        var ear = Listen(instance, incarnation);
        SelfState? said = null;
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

    /// <summary>A process says how many requests are under way in it.</summary>
    /// <param name="state">What it goes by.</param>
    /// <returns>False when too many of the incarnation do, or when that is over.</returns>
    public async ValueTask<bool> SayAsync(
        InstanceId instance, Incarnation incarnation, ProcessIdentity process, int count, SelfState state, CancellationToken stop)
    {
        bool isNews, refuses;
        lock (_lock)
        {
            if (EntryOf((instance, incarnation)) is not { } entry
                || (!entry.Counts.ContainsKey(process) && entry.Counts.Count >= CountersMax))
            {
                return false;
            }

            entry.Counts[process] = (count, state);
            entry.Wake();

            // One that forks refuses once all of its processes do.
            refuses = entry.Counts.All(c => c.Value.State == SelfState.Refusing || !ProcessStat.IsAlive(c.Key));
            isNews = _newest!.Instances[instance] is var known && (!known.Counts || known.Refuses != refuses);
        }

        if (isNews)
        {
            await tell(new AgentInput.SelfTold(instance, incarnation, refuses), stop);
        }

        return true;
    }

    /// <summary>Null while none of its processes has said anything to this agent.</summary>
    public InFlightWord? Counted(InstanceId instance, Incarnation incarnation)
    {
        lock (_lock)
        {
            if (_entries.GetValueOrDefault((instance, incarnation)) is not { Counts.Count: > 0 } entry)
            {
                return null;
            }

            // What was under way in a process that ended is over.
            foreach (var process in entry.Counts.Keys.Where(p => !ProcessStat.IsAlive(p)).ToList())
            {
                entry.Counts.Remove(process);
            }

            var allBack = clock.GetElapsedTime(_began) >= BackWithin || _earlier?.Contains((instance, incarnation)) is not true;
            return new InFlightWord(
                entry.Counts.Values.Sum(c => c.Count), allBack && entry.Counts.Values.All(c => c.State == entry.State));
        }
    }

    /// <summary>Has something whenever the incarnation's state or a count of it changed; ends with the incarnation.</summary>
    public Channel<bool> Listen(InstanceId instance, Incarnation incarnation)
    {
        var ear = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        ear.Writer.TryWrite(true);
        lock (_lock)
        {
            if (EntryOf((instance, incarnation)) is { } entry)
            {
                entry.Ears.Add(ear);
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
            _entries.GetValueOrDefault((instance, incarnation))?.Ears.Remove(ear);
        }
    }

    private bool IsKnown((InstanceId, Incarnation) key)
    {
        lock (_lock)
        {
            return StateOf(key) is not null;
        }
    }

    private SelfState? StateOf((InstanceId Instance, Incarnation Incarnation) key) =>
        _newest?.Instances.GetValueOrDefault(key.Instance) is { } instance && instance.Incarnation == key.Incarnation
            && instance.Phase != InstancePhase.Stopped
            ? InstanceSelf.Of(instance)
            : null;

    private Entry? EntryOf((InstanceId, Incarnation) key)
    {
        if (StateOf(key) is not { } state)
        {
            return null;
        }

        return _entries.TryGetValue(key, out var entry) ? entry : _entries[key] = new Entry { State = state };
    }

    private sealed class Entry
    {
        public required SelfState State { get; set; }

        public Dictionary<ProcessIdentity, (int Count, SelfState State)> Counts { get; } = [];

        public List<Channel<bool>> Ears { get; } = [];

        public void Wake() => Ears.ForEach(ear => ear.Writer.TryWrite(true));

        public void End() => Ears.ForEach(ear => ear.Writer.TryComplete());
    }
}
