using System.Net;
using System.Net.Sockets;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;

namespace Zurg.Tests.Agent.Relay;

/// <summary>An instance that a test plays by hand.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RawServer() => _listener.Start();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Endpoint At(string instance, bool suspect = false) => NamingFixtures.At(instance, Port, suspect: suspect);

    public async Task<Socket> AcceptAsync()
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        return await _listener.AcceptSocketAsync(late.Token);
    }

    public bool HasCaller => _listener.Pending();

    public void Dispose() => _listener.Dispose();
}
