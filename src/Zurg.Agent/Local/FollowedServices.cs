using System.Collections.Immutable;
using System.Threading.Channels;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>The services that this host knows of, and who reads them. Used under the lock of <see cref="NamingCache"/>.</summary>
/// <param name="subscribers">Who may act on what it was told of a service, even if it reads no stream now.</param>
internal sealed class FollowedServices(Subscribers subscribers, TimeProvider time)
{
    private readonly SortedDictionary<ServiceName, FollowedService> _entries = [];

    /// <summary>What instances of this host depend on.</summary>
    public ImmutableSortedSet<ServiceName> Needed { get; set; } = [];

    public IReadOnlyCollection<FollowedService> All => _entries.Values;

    public FollowedService? Find(ServiceName service) => _entries.GetValueOrDefault(service);

    /// <summary>Null when this host follows too many services already and cannot forget one.</summary>
    /// <param name="own">This agent needs it, and it is followed in any case: what is assigned to a host is limited.</param>
    public FollowedService? Ask(ServiceName service, bool own = false)
    {
        if (!_entries.TryGetValue(service, out var entry))
        {
            if (_entries.Count >= NamingCache.ServicesMax && !own && !Needed.Contains(service) && !TryEvict())
            {
                return null;
            }

            _entries[service] = entry = new FollowedService(service);
        }

        entry.AskedAt = time.GetUtcNow();
        return entry;
    }

    /// <returns>False when there is no room for one more, or only for who has not taken so much of it.</returns>
    public bool TryAdd(ServiceName service, Follower follower)
    {
        var isGuest = follower.Process is not null;
        if ((isGuest && Find(service) is null && HasItsShare(follower.Process!)) || Ask(service, own: !isGuest) is not { } entry)
        {
            return false;
        }

        entry.Add(follower);
        return true;
    }

    /// <returns>Whether there was one that nobody wants any more.</returns>
    public bool RemoveUnwanted()
    {
        var unwanted = _entries.Values.Where(e => !IsWanted(e)).ToList();
        unwanted.ForEach(Remove);
        return unwanted.Count > 0;
    }

    public ImmutableSortedSet<ServiceName> Wanted() =>
        _entries.Values.Where(IsWanted).Select(e => e.Service).ToImmutableSortedSet().Union(Needed)
            .Union(subscribers.Followed());

    private bool HasItsShare(ProcessIdentity process) =>
        _entries.Values.Count(IsHeld) >= NamingCache.ServicesMax / 2
        && _entries.Values.Count(e => e.Followers.Any(f => f.Process == process) || subscribers.Uses(e.Service, process))
            >= NamingCache.ServicesOfOneMax;

    private bool IsHeld(FollowedService entry) => entry.Followers.Count > 0 || subscribers.Follows(entry.Service);

    private bool TryEvict()
    {
        var oldest = _entries.Values
            .Where(e => !IsHeld(e) && !Needed.Contains(e.Service))
            .MinBy(e => e.AskedAt);
        if (oldest is not null)
        {
            Remove(oldest);
        }

        return oldest is not null;
    }

    private void Remove(FollowedService entry)
    {
        _entries.Remove(entry.Service);
        subscribers.Forget(entry.Service);
    }

    private bool IsWanted(FollowedService entry) =>
        IsHeld(entry) || Needed.Contains(entry.Service) || time.GetUtcNow() - entry.AskedAt < NamingCache.AskedFor;
}

internal sealed class FollowedService(ServiceName service)
{
    public ServiceName Service { get; } = service;

    /// <summary>As the master said it.</summary>
    public EndpointSet? Pushed { get; set; }

    /// <summary>As consumers see it.</summary>
    public LocalSet? Shown { get; private set; }

    public HashSet<Follower> Followers { get; } = [];

    public DateTimeOffset AskedAt { get; set; }

    /// <param name="own">Hides what this host knows to have ended; null before it knows its own instances.</param>
    public void Show(OwnInstances? own)
    {
        if (Pushed is not { } pushed)
        {
            return;
        }

        var shown = LocalSet.Of(own?.Filter(pushed) ?? pushed);
        if (Shown is null || !Shown.Line.Span.SequenceEqual(shown.Line.Span))
        {
            Shown = shown;
            foreach (var follower in Followers)
            {
                Offer(follower);
            }
        }
    }

    public void Add(Follower follower)
    {
        Followers.Add(follower);
        Offer(follower);
    }

    private void Offer(Follower follower)
    {
        if (Shown is not null)
        {
            follower.Due.Add(this);
            follower.Signal.Writer.TryWrite(true);
        }
    }
}

/// <summary>One stream: which services have something newer than what it had.</summary>
/// <param name="process">Who reads it; null: this agent.</param>
internal sealed class Follower(ImmutableArray<ServiceName> services, ProcessIdentity? process)
{
    public ImmutableArray<ServiceName> Services => services;

    public ProcessIdentity? Process => process;

    /// <summary>Who joined and promised to confirm what it is given; null: an observer.</summary>
    public SubscriberId? Subscriber { get; set; }

    public HashSet<FollowedService> Due { get; } = [];

    public Channel<bool> Signal { get; } =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
}
