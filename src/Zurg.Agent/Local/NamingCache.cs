using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Zurg.Agent.Templates;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>
/// What consumers on this host are told of services: the master's newest sets, kept while it is away, without what this host
/// knows
/// to be dead. What they ask for is what the host subscribes to.
/// </summary>
/// <param name="subscribe">Is given the whole list whenever it changes; must not wait.</param>
internal sealed class NamingCache(HostId host, TimeProvider time, Action<NamingSubscription> subscribe)
    : ILocalNaming, IAgentObserver
{
    /// <summary>So many services can be followed on one host.</summary>
    public const int ServicesMax = 1_000;

    /// <summary>A service that was asked for stays subscribed so long after nobody watches it any more.</summary>
    public static readonly TimeSpan AskedFor = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Channel<bool> _changed =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SortedDictionary<ServiceName, Entry> _entries = [];
    private ImmutableSortedSet<ServiceName> _needed = [];
    private ImmutableSortedSet<ServiceName> _subscribed = [];
    private OwnInstances? _own;

    /// <summary>
    /// Takes a set that the master pushed, or one kept from before. An older revision than the known one is left aside.
    /// </summary>
    public void Take(EndpointSet set)
    {
        lock (_lock)
        {
            if (EntryOf_NeedsLock(set.Service) is { } entry
                && (entry.Pushed is null || set.Revision.CompareTo(entry.Pushed.Revision) >= 0))
            {
                entry.Pushed = set;
                Show_NeedsLock(entry);
                _changed.Writer.TryWrite(true);
            }
        }
    }

    /// <summary>Hides what this host knows to have ended, and subscribes to what its instances depend on.</summary>
    public void Observe(AgentState state)
    {
        lock (_lock)
        {
            _own = new OwnInstances(host, state.Instances);
            foreach (var entry in _entries.Values)
            {
                Show_NeedsLock(entry);
            }

            var needed = (state.Assignment?.Instances ?? [])
                .Where(i => i.Wanted == WantedPhase.Running).SelectMany(i => i.DependsOn).ToImmutableSortedSet();
            if (!needed.SetEquals(_needed))
            {
                _needed = needed;
                Subscribe_NeedsLock();
            }
        }
    }

    public EndpointSet? Current(ServiceName service) => CurrentSet(service)?.Set;

    /// <summary>The newest set; null when nothing was ever heard of the service. Asking subscribes.</summary>
    public LocalSet? CurrentSet(ServiceName service)
    {
        lock (_lock)
        {
            var entry = EntryOf_NeedsLock(service);
            Subscribe_NeedsLock();
            return entry?.Shown;
        }
    }

    /// <summary>The newest set, waiting for the very first one; null when none came in time.</summary>
    public async ValueTask<LocalSet?> FirstSetAsync(ServiceName service, TimeSpan within, CancellationToken stop)
    {
        if (CurrentSet(service) is { } known)
        {
            return known;
        }

        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await foreach (var set in FollowAsync([service], either.Token))
            {
                return set;
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Late.
        }

        return null;
    }

    public async IAsyncEnumerable<EndpointSet> WatchAsync(ServiceName service, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var set in FollowAsync([service], stop))
        {
            yield return set.Set;
        }
    }

    /// <summary>The known sets at once, then newer ones; of each service only the newest that the reader has not had.</summary>
    public async IAsyncEnumerable<LocalSet> FollowAsync(ImmutableArray<ServiceName> services,
        [EnumeratorCancellation] CancellationToken stop)
    {
        var follower = new Follower();
        try
        {
            Join(follower, services);
            while (true)
            {
                await follower.Signal.Reader.ReadAsync(stop);
                foreach (var set in TakeDue(follower))
                {
                    yield return set;
                }
            }
        }
        finally
        {
            Leave(follower, services);
        }
    }

    /// <summary>The master's sets that are worth keeping over a restart of the agent.</summary>
    public ImmutableArray<EndpointSet> Kept()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(e => e.Pushed).OfType<EndpointSet>()];
        }
    }

    /// <summary>Forgets services that nobody has asked for in a while: their sets are no longer kept current.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            foreach (var (service, _) in _entries.Where(e => !IsWanted_NeedsLock(e.Key, e.Value)).ToList())
            {
                _entries.Remove(service);
                _changed.Writer.TryWrite(true);
            }

            Subscribe_NeedsLock();
        }
    }

    /// <summary>Until <see cref="Kept"/> may say something new, or the time is over.</summary>
    public async Task WaitForChangeAsync(TimeSpan atMost, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await _changed.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Nothing changed.
        }
    }

    private void Join(Follower follower, ImmutableArray<ServiceName> services)
    {
        lock (_lock)
        {
            foreach (var service in services)
            {
                if (EntryOf_NeedsLock(service) is { } entry)
                {
                    entry.Followers.Add(follower);
                    Offer_NeedsLock(follower, entry);
                }
            }

            Subscribe_NeedsLock();
        }
    }

    private void Leave(Follower follower, ImmutableArray<ServiceName> services)
    {
        lock (_lock)
        {
            foreach (var service in services)
            {
                if (_entries.TryGetValue(service, out var entry) && entry.Followers.Remove(follower))
                {
                    entry.AskedAt = time.GetUtcNow();
                }
            }
        }
    }

    private List<LocalSet> TakeDue(Follower follower)
    {
        lock (_lock)
        {
            var due = follower.Due.Select(e => e.Shown).OfType<LocalSet>().ToList();
            follower.Due.Clear();
            return due;
        }
    }

    /// <summary>Null when this host follows too many services already and cannot forget one.</summary>
    private Entry? EntryOf_NeedsLock(ServiceName service)
    {
        if (!_entries.TryGetValue(service, out var entry))
        {
            if (_entries.Count >= ServicesMax && !TryEvict_NeedsLock())
            {
                return null;
            }

            _entries[service] = entry = new Entry();
        }

        entry.AskedAt = time.GetUtcNow();
        return entry;
    }

    private bool TryEvict_NeedsLock() =>
        _entries.Where(e => e.Value.Followers.Count == 0 && !_needed.Contains(e.Key))
            .OrderBy(e => e.Value.AskedAt).FirstOrDefault()
            is { Value: not null } oldest && _entries.Remove(oldest.Key);

    private bool IsWanted_NeedsLock(ServiceName service, Entry entry) =>
        entry.Followers.Count > 0 || _needed.Contains(service) || time.GetUtcNow() - entry.AskedAt < AskedFor;

    private void Subscribe_NeedsLock()
    {
        var asked = _entries.Where(e => IsWanted_NeedsLock(e.Key, e.Value)).Select(e => e.Key);
        var wanted = asked.ToImmutableSortedSet().Union(_needed);
        if (!wanted.SetEquals(_subscribed))
        {
            _subscribed = wanted;
            subscribe(new NamingSubscription { Services = [.. wanted] });
        }
    }

    private void Show_NeedsLock(Entry entry)
    {
        if (entry.Pushed is not { } pushed)
        {
            return;
        }

        var shown = LocalSet.Of(_own?.Filter(pushed) ?? pushed);
        if (entry.Shown is null || !entry.Shown.Line.Span.SequenceEqual(shown.Line.Span))
        {
            entry.Shown = shown;
            foreach (var follower in entry.Followers)
            {
                Offer_NeedsLock(follower, entry);
            }
        }
    }

    private static void Offer_NeedsLock(Follower follower, Entry entry)
    {
        if (entry.Shown is not null)
        {
            follower.Due.Add(entry);
            follower.Signal.Writer.TryWrite(true);
        }
    }

    private sealed class Entry
    {
        /// <summary>As the master said it.</summary>
        public EndpointSet? Pushed { get; set; }

        /// <summary>As consumers see it.</summary>
        public LocalSet? Shown { get; set; }

        public HashSet<Follower> Followers { get; } = [];

        public DateTimeOffset AskedAt { get; set; }
    }

    /// <summary>One stream: which services have something newer than what it had.</summary>
    private sealed class Follower
    {
        public HashSet<Entry> Due { get; } = [];

        public Channel<bool> Signal { get; } =
            Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    }
}
