using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Local;

namespace Zurg.Tests.Agent.Local;

/// <summary>The local half of an agent: naming on a real Unix socket.</summary>
internal sealed class LocalAgent : IAsyncDisposable
{
    private LocalServer? _server;

    public TemporaryDirectory Directory { get; } = new();

    public NamingCache Naming { get; } = new(NamingFixtures.Own, TimeProvider.System, _ => { });

    public string Metrics { get; set; } = "";

    public string SocketPath => Directory["agent.sock"];

    public static async Task<LocalAgent> StartAsync()
    {
        var agent = new LocalAgent();
        await agent.ListenAsync();
        return agent;
    }

    public async Task ListenAsync() =>
        _server = await LocalServer.StartAsync(SocketPath, Naming, () => Metrics, NullLoggerFactory.Instance, default);

    public async Task HangUpAsync() => await _server!.DisposeAsync();

    public HttpClient NewClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, stop) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
    }) { BaseAddress = new Uri("http://zurg") };

    public async ValueTask DisposeAsync()
    {
        await HangUpAsync();
        Directory.Dispose();
    }
}
