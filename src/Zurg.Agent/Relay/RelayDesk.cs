using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Local;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Relay;

/// <summary>
/// Everything that this host listens on for programs that cannot be changed (uses). Listeners are there before a process starts:
/// they are made while the agent's state is published, which comes before its effects.
/// </summary>
/// <param name="seed">Of the chance with which endpoints are picked.</param>
/// <param name="tell">Takes what an instance is held by; false: try again later.</param>
internal sealed class RelayDesk(
    NamingCache naming, Subscribers subscribers, Func<AgentInput, bool> tell, ulong seed, TimeProvider time,
    ILogger<RelayDesk> logger) : IAgentObserver, IAsyncDisposable
{
    /// <summary>
    /// A port that was taken is tried again, and so often it is looked which connections are idle. An instance that moves to
    /// another agent of one machine (zurg dev) is without its address for so long.
    /// </summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, RelayListener> _listeners = new(StringComparer.Ordinal);
    private readonly List<RelayListener> _retired = [];
    private readonly Dictionary<ServiceName, RelayRoute> _routes = [];
    private readonly Dictionary<string, string> _taken = new(StringComparer.Ordinal);
    private ImmutableSortedDictionary<InstanceId, InstanceState> _instances =
        ImmutableSortedDictionary<InstanceId, InstanceState>.Empty;
    private RelayPlan _plan = RelayPlan.Of([]);
    private long _routesMade;
    private bool _disposed;

    /// <summary>Adds what is carried to a page of metrics.</summary>
    public void Measure(MetricPage page)
    {
        RelayListener[] all;
        lock (_lock)
        {
            all = [.. _listeners.Values];
        }

        foreach (var listener in all)
        {
            ReadOnlySpan<(string, string)> labels = [("listen", listener.Use.Listen), ("to", listener.Use.Target)];
            var counts = listener.Counts;
            page.Gauge("zurg_uses_connections", "Connections that are carried for programs (uses) now.", listener.Open, labels);
            page.Counter("zurg_uses_accepted_total", "Connections taken from programs.", counts.AcceptedTotal, labels);
            page.Counter("zurg_uses_refused_total", "Of them, reset because no instance took them in time.",
                counts.RefusedTotal, labels);
            page.Counter("zurg_uses_failed_total", "Instances that did not take a connection; another was tried.",
                counts.FailedTotal, labels);
            page.Counter("zurg_uses_moved_total", "Connections that went on with another instance.", counts.MovedTotal, labels);
            page.Counter("zurg_uses_closed_total", "Idle connections closed because their instance was withdrawn.",
                counts.ClosedTotal, labels);
        }
    }

    public void Observe(AgentState state)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            if (!ReferenceEquals(_instances, state.Instances))
            {
                _instances = state.Instances;
                _plan = RelayPlan.Of(_instances.Values);
                Follow_NeedsLock();
            }
        }
    }

    /// <summary>Tries taken ports again and looks after connections, for as long as there are any such.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            using (var late = new CancellationTokenSource(HasWork() ? LookEvery : Timeout.InfiniteTimeSpan, time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop))
            {
                try
                {
                    await _signal.Reader.ReadAsync(either.Token);
                }
                catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                {
                    // Time to look.
                }
            }

            await LookAsync();
        }
    }

    /// <summary>What is carried breaks.</summary>
    public async ValueTask DisposeAsync()
    {
        List<RelayListener> listeners;
        List<RelayRoute> routes;
        lock (_lock)
        {
            _disposed = true;
            listeners = [.. _listeners.Values, .. _retired];
            routes = [.. _routes.Values];
        }

        foreach (var listener in listeners)
        {
            await listener.DisposeAsync();
        }

        foreach (var route in routes)
        {
            await route.DisposeAsync();
        }
    }

    private bool HasWork()
    {
        lock (_lock)
        {
            return _taken.Count > 0 || _retired.Count > 0 || _listeners.Values.Any(l => l.HasUnlisted);
        }
    }

    private async Task LookAsync()
    {
        RelayListener[] all;
        var ended = new List<IAsyncDisposable>();
        lock (_lock)
        {
            Follow_NeedsLock();
            all = [.. _listeners.Values, .. _retired];
            foreach (var listener in _retired.Where(l => l.Open == 0).ToList())
            {
                _retired.Remove(listener);
                ended.Add(listener);
                if (_routes[listener.Use.Service] is var route && route.Remove(listener))
                {
                    _routes.Remove(listener.Use.Service);
                    ended.Add(route);
                }
            }
        }

        foreach (var listener in all)
        {
            listener.Care();
        }

        foreach (var one in ended)
        {
            await one.DisposeAsync();
        }
    }

    /// <summary>Makes it so that exactly what is planned is listened on, and says what cannot be.</summary>
    private void Follow_NeedsLock()
    {
        foreach (var (listen, listener) in _listeners.ToList())
        {
            if (_plan.Listeners.GetValueOrDefault(listen)?.Use.Target != listener.Use.Target)
            {
                Retire_NeedsLock(listen, listener);
            }
        }

        foreach (var listen in _taken.Keys.Where(l => !_plan.Listeners.ContainsKey(l)).ToList())
        {
            _taken.Remove(listen);
        }

        foreach (var (listen, wanted) in _plan.Listeners)
        {
            if (!_listeners.ContainsKey(listen))
            {
                Listen_NeedsLock(wanted.Use);
            }
        }

        foreach (var instance in _instances.Values)
        {
            var hold = HoldOf_NeedsLock(instance.Assigned);
            if (hold?.Text != instance.UsesHold?.Text)
            {
                tell(new AgentInput.UsesHeld(instance.Assigned.Instance, instance.Incarnation, hold));
            }
        }
    }

    /// <summary>Its connections run on until they end by themselves; the address is free at once.</summary>
    private void Retire_NeedsLock(string listen, RelayListener listener)
    {
        _listeners.Remove(listen);
        _retired.Add(listener);
        listener.Close();
        _signal.Writer.TryWrite(true);
    }

    private void Listen_NeedsLock(UseSpec use)
    {
        try
        {
            var listener = new RelayListener(use, time, seed, logger);
            _listeners[use.Listen] = listener;
            _taken.Remove(use.Listen);
            if (!_routes.TryGetValue(use.Service, out var route))
            {
                _routes[use.Service] = route = new RelayRoute(
                    use.Service, ++_routesMade, naming, subscribers, () => _signal.Writer.TryWrite(true), logger);
            }

            route.Add(listener);
        }
        catch (SocketException e)
        {
            // Who has it is looked up once: all of /proc is searched for it.
            if (!_taken.ContainsKey(use.Listen))
            {
                _taken[use.Listen] =
                    e.SocketErrorCode == SocketError.AddressAlreadyInUse ? $"taken by {OwnerOf(use)}" : e.Message;
                _signal.Writer.TryWrite(true);
            }
        }
    }

    private Hold? HoldOf_NeedsLock(AssignedInstance assigned)
    {
        if (_plan.Holds.GetValueOrDefault(assigned.Instance) is { } hold)
        {
            return hold;
        }

        var use = assigned.Uses.FirstOrDefault(u => _taken.ContainsKey(u.Listen));
        return use is null ? null : new Hold(HoldReason.PortUnavailable,
            $"{use.Listen} cannot be listened on to carry connections to {use.Target}: {_taken[use.Listen]}",
            $"end that, or choose another number in services.{assigned.Instance.Service}.uses; it is tried again all the time");
    }

    private static string OwnerOf(UseSpec use) =>
        Ports.Listeners.On(IPAddress.Parse(use.Address), use.Number) is [var listener, ..]
            ? Ports.Listeners.DescribeOwner(listener.Inode)
            : "a process that does not listen on it";
}
