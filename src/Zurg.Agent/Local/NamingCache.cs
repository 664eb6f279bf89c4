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
/// knows to be dead. What they ask for is what the host subscribes to.
/// </summary>
/// <param name="subscribers">Hears of every set before anybody is told of it, and who is told.</param>
/// <param name="subscribe">Is given the whole list whenever it changes; must not wait.</param>
internal sealed class NamingCache(
    HostId host, Subscribers subscribers, TimeProvider time, Action<NamingSubscription> subscribe) : ILocalNaming, IAgentObserver
{
    /// <summary>So many services can be followed on one host, besides those that its own instances need.</summary>
    public const int ServicesMax = 1_000;

    /// <summary>While half of the room is taken, so many services are the most that one process can follow.</summary>
    public const int ServicesOfOneMax = 100;

    /// <summary>A service that was asked for stays subscribed so long after nobody watches it any more.</summary>
    public static readonly TimeSpan AskedFor = TimeSpan.FromMinutes(10);

    /// <summary>Who asks without a name: all of them are one.</summary>
    public static readonly ProcessIdentity Nobody = new(0, 0, "");

    private readonly Lock _lock = new();
    private readonly Channel<bool> _changed =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly FollowedServices _followed = new(subscribers, time);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Null: nothing was said yet. To follow nothing is said too: else a master waits on for what this host followed once.
    private ImmutableSortedSet<ServiceName>? _subscribed;
    private OwnInstances? _own;
    private long _version;

    /// <summary>Done when this host's own instances are known, and with them whose files are made from sets.</summary>
    public Task Known => _known.Task;

    /// <summary>
    /// Takes a set that the master pushed, or one kept from before. An older revision than the known one is left aside.
    /// </summary>
    public void Take(EndpointSet set)
    {
        lock (_lock)
        {
            // A push is no question: what changes and is read by nobody is forgotten like any other.
            if ((_followed.Find(set.Service) ?? _followed.Ask(set.Service)) is { } entry
                && (entry.Pushed is null || set.Revision.CompareTo(entry.Pushed.Revision) >= 0))
            {
                entry.Pushed = set;
                subscribers.Took(set.Service, set.Revision);
                entry.Show(_own);
                Change_NeedsLock();
            }
        }
    }

    /// <summary>Hides what this host knows to have ended, and subscribes to what its instances depend on.</summary>
    public void Observe(AgentState state)
    {
        lock (_lock)
        {
            if (_own is null)
            {
                Remember(state);
                Subscribe_NeedsLock();
                _known.TrySetResult();
            }

            _own = new OwnInstances(host, state.Instances);
            foreach (var entry in _followed.All)
            {
                entry.Show(_own);
            }

            var needed = (state.Assignment?.Instances ?? [])
                .Where(i => i.Wanted == WantedPhase.Running).SelectMany(i => i.DependsOn).ToImmutableSortedSet();
            if (!needed.SetEquals(_followed.Needed))
            {
                _followed.Needed = needed;
                Subscribe_NeedsLock();
            }
        }
    }

    public EndpointSet? Current(ServiceName service) => CurrentSet(service)?.Set;

    /// <summary>The newest set; null when nothing was ever heard of the service. Asking subscribes.</summary>
    public LocalSet? CurrentSet(ServiceName service) => CurrentSet(service, null);

    /// <param name="subscriber">Whom it is for: from now on it may use it. Null: an observer.</param>
    public LocalSet? CurrentSet(ServiceName service, SubscriberId? subscriber)
    {
        lock (_lock)
        {
            var entry = _followed.Ask(service);
            Subscribe_NeedsLock();
            if (entry?.Shown is { } shown && subscriber is not null)
            {
                subscribers.Tell(service, subscriber, shown.Set.Revision);
            }

            return entry?.Shown;
        }
    }

    /// <summary>The newest set, waiting for the very first one; null when none came in time.</summary>
    public async ValueTask<LocalSet?> FirstSetAsync(ServiceName service, TimeSpan within, CancellationToken stop) =>
        CurrentSet(service) is { } known ? known : await FirstAsync(service, null, _ => true, within, stop);

    /// <summary>The newest set once it is newer than this one, or when the time is over; null: none yet.</summary>
    public async ValueTask<LocalSet?> NewerAsync(
        ServiceName service, SubscriberId subscriber, Revision than, TimeSpan within, CancellationToken stop) =>
        await FirstAsync(service, subscriber, s => s.Set.Revision > than, within, stop) ?? CurrentSet(service, subscriber);

    public async IAsyncEnumerable<EndpointSet> WatchAsync(ServiceName service, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var set in FollowAsync([service], null, stop))
        {
            yield return set.Set;
        }
    }

    /// <summary>The known sets at once, then newer ones; of each service only the newest that the reader has not had.</summary>
    /// <param name="subscriber">Who joined and promised to confirm; null: an observer.</param>
    public IAsyncEnumerable<LocalSet> FollowAsync(
        ImmutableArray<ServiceName> services, SubscriberId? subscriber, CancellationToken stop) =>
        ReadAsync(Open(new Follower(services, null) { Subscriber = subscriber })!, stop);

    /// <summary>The first half of following, for a process that is no part of this agent.</summary>
    /// <returns>Null when there is no room for it; else it is to be read to its end.</returns>
    public Follower? TryOpen(ImmutableArray<ServiceName> services, ProcessIdentity process) =>
        Open(new Follower(services, process));

    /// <summary>The other half: as <see cref="FollowAsync"/>.</summary>
    public async IAsyncEnumerable<LocalSet> ReadAsync(Follower follower, [EnumeratorCancellation] CancellationToken stop)
    {
        try
        {
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
            Close(follower);
        }
    }

    /// <summary>Nothing more is offered to it.</summary>
    public void Close(Follower follower)
    {
        lock (_lock)
        {
            foreach (var service in follower.Services)
            {
                if (_followed.Find(service) is { } entry && entry.Followers.Remove(follower))
                {
                    entry.AskedAt = time.GetUtcNow();
                }
            }
        }
    }

    public void Join(InstanceId instance, Incarnation incarnation, ImmutableArray<ServiceName> services)
    {
        var subscriber = OwnSubscribers.OfFiles(instance, incarnation);
        lock (_lock)
        {
            foreach (var service in services)
            {
                subscribers.TryJoin(service, subscriber, OwnSubscribers.NameOfFiles(instance));
                if (_followed.Find(service)?.Shown is { } shown)
                {
                    subscribers.Tell(service, subscriber, shown.Set.Revision);
                }
            }
        }
    }

    public void Use(InstanceId instance, Incarnation incarnation, IEnumerable<EndpointSet> sets)
    {
        foreach (var set in sets)
        {
            subscribers.Confirm(set.Service, OwnSubscribers.OfFiles(instance, incarnation), set.Revision);
        }
    }

    public void Leave(InstanceId instance, Incarnation incarnation) =>
        subscribers.Leave(OwnSubscribers.OfFiles(instance, incarnation));

    /// <summary>Another one with each change of <see cref="Kept"/>.</summary>
    public long Version
    {
        get
        {
            lock (_lock)
            {
                return _version;
            }
        }
    }

    /// <summary>The master's sets that are worth keeping over a restart of the agent.</summary>
    public ImmutableArray<EndpointSet> Kept()
    {
        lock (_lock)
        {
            return [.. _followed.All.Select(e => e.Pushed).OfType<EndpointSet>()];
        }
    }

    /// <summary>What this host has of each service that it follows.</summary>
    public KnownSets Sets()
    {
        lock (_lock)
        {
            return new KnownSets
            {
                Services =
                [
                    .. from service in _subscribed ?? []
                       let set = _followed.Find(service)?.Pushed
                       select new KnownSet(service, set?.Revision, set is null ? null : SetCheck.DigestOf(set)),
                ],
            };
        }
    }

    /// <summary>Forgets services that nobody has asked for in a while: their sets are no longer kept current.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            if (_followed.RemoveUnwanted())
            {
                Change_NeedsLock();
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

    private async ValueTask<LocalSet?> FirstAsync(
        ServiceName service, SubscriberId? subscriber, Func<LocalSet, bool> isIt, TimeSpan within, CancellationToken stop)
    {
        if (Open(new Follower([service], subscriber?.Process ?? Nobody) { Subscriber = subscriber }) is not { } follower)
        {
            return null;
        }

        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await foreach (var set in ReadAsync(follower, either.Token))
            {
                if (isIt(set))
                {
                    return set;
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Late.
        }

        return null;
    }

    private Follower? Open(Follower follower)
    {
        lock (_lock)
        {
            var isOpen = follower.Services.All(s => _followed.TryAdd(s, follower));
            if (!isOpen)
            {
                Close(follower);
            }

            Subscribe_NeedsLock();
            return isOpen ? follower : null;
        }
    }

    /// <summary>What an earlier agent made files from is not known: until they are looked at, nothing is said of it.</summary>
    private void Remember(AgentState state)
    {
        foreach (var (instance, own) in state.Instances.Where(i => i.Value.Process is not null))
        {
            foreach (var service in own.Assigned.Spec.Templates.IsEmpty ? [] : own.Assigned.DependsOn)
            {
                subscribers.Remember(
                    service, OwnSubscribers.OfFiles(instance, own.Incarnation), OwnSubscribers.NameOfFiles(instance));
            }
        }
    }

    /// <summary>Under the lock that also raises what this host has: nobody is given anything that is not accounted for.</summary>
    private List<LocalSet> TakeDue(Follower follower)
    {
        lock (_lock)
        {
            var due = follower.Due.Select(e => e.Shown).OfType<LocalSet>().ToList();
            follower.Due.Clear();
            if (follower.Subscriber is { } subscriber)
            {
                due.ForEach(s => subscribers.Tell(s.Set.Service, subscriber, s.Set.Revision));
            }

            return due;
        }
    }

    private void Change_NeedsLock()
    {
        _version++;
        _changed.Writer.TryWrite(true);
    }

    private void Subscribe_NeedsLock()
    {
        var wanted = _followed.Wanted();
        if (_subscribed is null || !wanted.SetEquals(_subscribed))
        {
            _subscribed = wanted;
            subscribe(new NamingSubscription { Services = [.. wanted] });
        }
    }
}
