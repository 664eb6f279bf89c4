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
    public FollowedService? Ask(ServiceName service)
    {
        if (!_entries.TryGetValue(service, out var entry))
        {
            if (_entries.Count >= NamingCache.ServicesMax && !TryEvict())
            {
                return null;
            }

            _entries[service] = entry = new FollowedService(service);
        }

        entry.AskedAt = time.GetUtcNow();
        return entry;
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

    private bool TryEvict()
    {
        var oldest = _entries.Values
            .Where(e => e.Followers.Count == 0 && !Needed.Contains(e.Service) && !subscribers.Follows(e.Service))
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
        entry.Followers.Count > 0 || Needed.Contains(entry.Service) || subscribers.Follows(entry.Service)
        || time.GetUtcNow() - entry.AskedAt < NamingCache.AskedFor;
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
/// <param name="subscriber">Who promised to confirm what it is given; null: an observer.</param>
internal sealed class Follower(SubscriberId? subscriber)
{
    public SubscriberId? Subscriber => subscriber;

    public HashSet<FollowedService> Due { get; } = [];

    public Channel<bool> Signal { get; } =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
}
