using Microsoft.Extensions.Logging;
using Zurg.Agent.Local;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Relay;

/// <summary>
/// Follows one service for all listeners that lead to it, and confirms for their programs: a revision once no new connection and
/// no new HTTP request can go to an endpoint that it does not have.
/// </summary>
internal sealed partial class RelayRoute : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<RelayListener> _listeners = [];
    private readonly ServiceName _service;
    private readonly NamingCache _naming;
    private readonly Subscribers _subscribers;
    private readonly SubscriberId _self;
    private readonly Action _taken;
    private readonly Task _following;
    private EndpointSet? _newest;

    /// <param name="number">Of no other one of this agent: one may begin while the last one for the service ends.</param>
    /// <param name="taken">Called after each set: connections to what it no longer has are to be looked after.</param>
    public RelayRoute(
        ServiceName service, long number, NamingCache naming, Subscribers subscribers, Action taken, ILogger logger)
    {
        (_service, _naming, _subscribers, _taken) = (service, naming, subscribers, taken);
        _self = OwnSubscribers.OfRelay(number);
        if (!subscribers.TryJoin(service, _self, $"connections that the agent carries to {service}"))
        {
            Log.NotCounted(logger, service, Subscribers.UsesMax);
        }

        _following = Task.Run(FollowAsync, CancellationToken.None);
    }

    public void Add(RelayListener listener)
    {
        lock (_lock)
        {
            _listeners.Add(listener);
            if (_newest is { } set)
            {
                listener.Take(set);
            }
        }
    }

    /// <returns>True when no listener is left.</returns>
    public bool Remove(RelayListener listener)
    {
        lock (_lock)
        {
            _listeners.Remove(listener);
            return _listeners.Count == 0;
        }
    }

    /// <summary>To be called when no connection is left that it carried: nothing here uses the service any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _subscribers.Leave(_service, _self);
        _stop.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var set in _naming.FollowAsync([_service], _self, _stop.Token))
            {
                Take(set.Set);
                _subscribers.Confirm(_service, _self, set.Set.Revision);
                _taken();
            }
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }
    }

    private void Take(EndpointSet set)
    {
        lock (_lock)
        {
            _newest = set;
            foreach (var listener in _listeners)
            {
                listener.Take(set);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3502, LogLevel.Warning,
            "Nobody waits for connections that are carried to {Service}: this host keeps account of {Max} subscribers at most")]
        public static partial void NotCounted(ILogger logger, ServiceName service, int max);
    }
}
