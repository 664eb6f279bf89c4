using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Naming;

/// <summary>
/// One reader of the cluster's view for all subscribers: when a set has a newer revision, everyone who asked for that service is
/// offered it. Nobody is offered anything before the view has read the store: an empty beginning is not the truth (promise 7).
/// </summary>
internal sealed class NamingFanOut(IClusterView view)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<INamingSubscriber, ImmutableHashSet<ServiceName>> _wanted = [];
    private readonly Dictionary<ServiceName, HashSet<INamingSubscriber>> _subscribers = [];

    // Those that are offered nothing before the view has reached a revision.
    private readonly Dictionary<(INamingSubscriber Subscriber, ServiceName Service), Revision> _waiting = [];

    // The newest push of each service that somebody wants.
    private readonly Dictionary<ServiceName, EndpointPush> _newest = [];
    private NamingState _naming = NamingState.Empty;
    private Revision _seen;

    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (var snapshot in view.WatchAsync(stop))
        {
            Publish(snapshot);
        }
    }

    /// <summary>
    /// The whole list of what it wants from now on. Services new in it are offered at once, the empty ones too.
    /// </summary>
    /// <param name="subscriber">Who is told.</param>
    /// <param name="services">Those that it had before are offered as they were.</param>
    /// <param name="since">Of the others nothing is offered that was so before: this view may lag behind its master.</param>
    public void Subscribe(INamingSubscriber subscriber, IEnumerable<ServiceName> services, Revision since = default)
    {
        lock (_lock)
        {
            var before = _wanted.GetValueOrDefault(subscriber, []);
            var after = services.ToImmutableHashSet();
            _wanted[subscriber] = after;
            foreach (var service in before.Except(after))
            {
                Leave_NeedsLock(subscriber, service);
            }

            foreach (var service in after.Except(before))
            {
                _waiting[(subscriber, service)] = since;
            }

            Join_NeedsLock();
        }
    }

    /// <summary>It is offered nothing once this has returned.</summary>
    public void Unsubscribe(INamingSubscriber subscriber)
    {
        lock (_lock)
        {
            if (_wanted.Remove(subscriber, out var services))
            {
                foreach (var service in services)
                {
                    Leave_NeedsLock(subscriber, service);
                }
            }
        }
    }

    /// <summary>What it has been offered last of each service.</summary>
    public ImmutableArray<EndpointPush> NewestOf(INamingSubscriber subscriber)
    {
        lock (_lock)
        {
            return
            [
                .. _wanted.GetValueOrDefault(subscriber, [])
                    .Where(s => !_waiting.ContainsKey((subscriber, s))).Select(s => _newest[s]),
            ];
        }
    }

    /// <summary>Offers the newest of these once more: what was offered before is lost.</summary>
    public void OfferAgain(INamingSubscriber subscriber, IEnumerable<ServiceName> services)
    {
        lock (_lock)
        {
            foreach (var service in _wanted.GetValueOrDefault(subscriber, []).Intersect(services))
            {
                if (!_waiting.ContainsKey((subscriber, service)))
                {
                    subscriber.Offer(_newest[service]);
                }
            }
        }
    }

    internal void Publish(ClusterSnapshot snapshot)
    {
        if (snapshot.State.Revision.Value == 0)
        {
            return;
        }

        lock (_lock)
        {
            (_naming, _seen) = (snapshot.Naming, snapshot.State.Revision);
            foreach (var (service, subscribers) in _subscribers)
            {
                var set = snapshot.Naming.SetOf(service);
                if (_newest.TryGetValue(service, out var newest) && set.Revision <= newest.Set.Revision)
                {
                    continue;
                }

                var push = _newest[service] = new EndpointPush(set);
                foreach (var subscriber in subscribers)
                {
                    subscriber.Offer(push);
                }
            }

            Join_NeedsLock();
        }
    }

    /// <summary>Lets those in who waited for what the view has reached.</summary>
    private void Join_NeedsLock()
    {
        if (_seen.Value == 0 || _waiting.Count == 0)
        {
            return;
        }

        foreach (var (subscriber, service) in _waiting.Where(w => w.Value <= _seen).Select(w => w.Key).ToArray())
        {
            _waiting.Remove((subscriber, service));
            if (!_subscribers.TryGetValue(service, out var subscribers))
            {
                _subscribers[service] = subscribers = [];
            }

            subscribers.Add(subscriber);
            if (!_newest.TryGetValue(service, out var push))
            {
                _newest[service] = push = new EndpointPush(_naming.SetOf(service));
            }

            subscriber.Offer(push);
        }
    }

    private void Leave_NeedsLock(INamingSubscriber subscriber, ServiceName service)
    {
        if (_waiting.Remove((subscriber, service)))
        {
            return;
        }

        var subscribers = _subscribers[service];
        subscribers.Remove(subscriber);
        if (subscribers.Count == 0)
        {
            _subscribers.Remove(service);
            _newest.Remove(service);
        }
    }
}
