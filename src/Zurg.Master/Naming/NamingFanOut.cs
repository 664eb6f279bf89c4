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

    // The newest push of each service that somebody wants.
    private readonly Dictionary<ServiceName, EndpointPush> _newest = [];
    private NamingState? _naming;

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
    public void Subscribe(INamingSubscriber subscriber, IEnumerable<ServiceName> services)
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
                Join_NeedsLock(subscriber, service);
            }
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

    internal void Publish(ClusterSnapshot snapshot)
    {
        if (snapshot.State.Revision.Value == 0)
        {
            return;
        }

        lock (_lock)
        {
            _naming = snapshot.Naming;
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
        }
    }

    private void Join_NeedsLock(INamingSubscriber subscriber, ServiceName service)
    {
        if (!_subscribers.TryGetValue(service, out var subscribers))
        {
            _subscribers[service] = subscribers = [];
        }

        subscribers.Add(subscriber);
        if (_naming is null)
        {
            return;
        }

        if (!_newest.TryGetValue(service, out var push))
        {
            _newest[service] = push = new EndpointPush(_naming.SetOf(service));
        }

        subscriber.Offer(push);
    }

    private void Leave_NeedsLock(INamingSubscriber subscriber, ServiceName service)
    {
        var subscribers = _subscribers[service];
        subscribers.Remove(subscriber);
        if (subscribers.Count == 0)
        {
            _subscribers.Remove(service);
            _newest.Remove(service);
        }
    }
}
