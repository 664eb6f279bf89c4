using System.Net;
using Zurg.Protocol;

namespace Zurg.Agent.Relay;

/// <summary>One endpoint that connections of a listener may be carried to: an incarnation on its port.</summary>
internal sealed class RelayTarget(Endpoint endpoint, IPEndPoint address)
{
    private volatile bool _listed = true;
    private int _connections;
    private long _avoidUntil = long.MinValue;

    public IPEndPoint Address { get; } = address;

    public bool Suspect { get; private set; } = endpoint.State != EndpointState.Ready;

    /// <summary>False once a newer set has it no more.</summary>
    public bool Listed
    {
        get => _listed;
        set => _listed = value;
    }

    public int Connections => Volatile.Read(ref _connections);

    public void Begin() => Interlocked.Increment(ref _connections);

    public void End() => Interlocked.Decrement(ref _connections);

    /// <param name="now">A timestamp of the clock that <see cref="Avoid"/> was told of.</param>
    public bool IsAvoided(long now) => Volatile.Read(ref _avoidUntil) > now;

    public void Avoid(long until) => Volatile.Write(ref _avoidUntil, until);

    /// <summary>The same one in a newer set; what is known of it goes on.</summary>
    public bool TryTake(Endpoint newer, IPEndPoint address)
    {
        if ((newer.Instance, newer.Incarnation) != (endpoint.Instance, endpoint.Incarnation) || !Address.Equals(address))
        {
            return false;
        }

        Suspect = newer.State != EndpointState.Ready;
        return true;
    }

    /// <summary>The port asked for; else the one named http; else the only one. Null when it has none of them.</summary>
    public static IPEndPoint? AddressOf(Endpoint endpoint, PortName? port)
    {
        int? number = endpoint.Ports.TryGetValue(port ?? Usual, out var named) ? named
            : port is null && endpoint.Ports.Count == 1 ? endpoint.Ports.First().Value
            : null;
        return number is { } known && IPAddress.TryParse(endpoint.Address, out var address)
            ? new IPEndPoint(address, known)
            : null;
    }

    private static readonly PortName Usual = new("http");
}
