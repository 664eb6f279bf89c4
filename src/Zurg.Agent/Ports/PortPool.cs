using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zurg.Protocol;

namespace Zurg.Agent.Ports;

/// <summary>What came of asking for ports.</summary>
internal abstract record PortOutcome
{
    private PortOutcome()
    {
    }

    public sealed record Picked(ImmutableSortedDictionary<PortName, int> Ports) : PortOutcome;

    public sealed record Held(Hold Hold) : PortOutcome;
}

/// <summary>
/// The ports of one host's instances. Dynamic ones come from a range below the ephemeral one (net.ipv4.ip_local_port_range), so
/// that no outgoing connection takes them; an instance gets its last ones again when they are free.
/// </summary>
/// <param name="from">First of the range.</param>
/// <param name="to">Last of the range.</param>
/// <param name="start">Where in the range to look first: agents that share a range do not all begin with the same port.</param>
internal sealed class PortPool(int from, int to, int start)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, (InstanceId Instance, Incarnation Incarnation)> _given = [];
    private readonly Dictionary<(InstanceId Instance, PortName Port), int> _last = [];
    private int _next = from + (int)((uint)start % (uint)(to - from + 1));

    /// <summary>What an earlier agent gave: kept, and preferred from now on.</summary>
    public void Restore(InstanceId instance, Incarnation incarnation, ImmutableSortedDictionary<PortName, int> ports, bool inUse)
    {
        lock (_lock)
        {
            foreach (var (name, port) in ports)
            {
                _last[(instance, name)] = port;
                if (inUse)
                {
                    _given[port] = (instance, incarnation);
                }
            }
        }
    }

    /// <summary>All or none. Asked again for the same incarnation it gives the same ports.</summary>
    public PortOutcome Pick(InstanceId instance, Incarnation incarnation, ImmutableSortedDictionary<PortName, PortSpec> specs)
    {
        lock (_lock)
        {
            // One incarnation at a time: what an earlier one had is free, or is being asked for again.
            Release_NeedsLock(g => g.Instance == instance && g.Incarnation != incarnation);
            var picked = ImmutableSortedDictionary.CreateBuilder<PortName, int>();

            // Fixed ones first: a dynamic one must not take what the same instance names.
            foreach (var (name, spec) in specs.OrderBy(s => s.Value.Fixed is null))
            {
                if (spec.Fixed is { } wanted && HolderOf(wanted, instance, picked.Values) is { } holder)
                {
                    return new PortOutcome.Held(new Hold(HoldReason.PortUnavailable,
                        $"port {Text(wanted)} ('{name}') is taken by {holder}",
                        "stop that, or give the port another number (or leave it to Zurg: dynamic)"));
                }

                if ((spec.Fixed ?? FindFree(instance, name, picked.Values)) is not { } port)
                {
                    return new PortOutcome.Held(new Hold(HoldReason.PortUnavailable,
                        $"no port of {Text(from)} to {Text(to)} is free for '{name}'", "give the agent a wider range of ports"));
                }

                picked[name] = port;
            }

            foreach (var (name, port) in picked)
            {
                _given[port] = (instance, incarnation);
                _last[(instance, name)] = port;
            }

            return new PortOutcome.Picked(picked.ToImmutable());
        }
    }

    /// <summary>The one that the instance had last; null when it never had any.</summary>
    public int? LastOf(InstanceId instance, PortName port)
    {
        lock (_lock)
        {
            return _last.TryGetValue((instance, port), out var last) ? last : null;
        }
    }

    public void Release(InstanceId instance, Incarnation incarnation)
    {
        lock (_lock)
        {
            Release_NeedsLock(g => g == (instance, incarnation));
        }
    }

    public void Forget(InstanceId instance)
    {
        lock (_lock)
        {
            foreach (var key in _last.Keys.Where(k => k.Instance == instance).ToList())
            {
                _last.Remove(key);
            }
        }
    }

    private void Release_NeedsLock(Func<(InstanceId Instance, Incarnation Incarnation), bool> which)
    {
        foreach (var port in _given.Where(g => which(g.Value)).Select(g => g.Key).ToList())
        {
            _given.Remove(port);
        }
    }

    private int? FindFree(InstanceId instance, PortName name, IEnumerable<int> taken)
    {
        // A fixed port of an earlier spec is no port of the range.
        if (_last.TryGetValue((instance, name), out var last) && last >= from && last <= to
            && HolderOf(last, instance, taken) is null)
        {
            return last;
        }

        for (var tried = 0; tried <= to - from; tried++)
        {
            var port = _next;
            _next = _next == to ? from : _next + 1;
            if (!_given.ContainsKey(port) && HolderOf(port, instance, taken) is null)
            {
                return port;
            }
        }

        return null;
    }

    /// <summary>Null when it is free for this instance.</summary>
    private string? HolderOf(int port, InstanceId instance, IEnumerable<int> taken) =>
        taken.Contains(port) ? "another port of the same instance"
        : _given.TryGetValue(port, out var given) && given.Instance != instance ? $"{given.Instance} on this host"
        : IsFree(port) ? null
        : Listeners.ReadAll(port) is [var listener, ..] ? Listeners.DescribeOwner(listener.Inode)
        : "a process that does not listen on it";

    /// <summary>
    /// Whether it can be bound on every address. .NET sets SO_REUSEADDR: connections of an earlier process that linger are no
    /// hindrance.
    /// </summary>
    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return Listeners.ReadAll(port).Count == 0;
        }
        catch (SocketException e)
        {
            // Below 1024 an agent that is not root cannot try.
            return e.SocketErrorCode == SocketError.AccessDenied && Listeners.ReadAll(port).Count == 0;
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
