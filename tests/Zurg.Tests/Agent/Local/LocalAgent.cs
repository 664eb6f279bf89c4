using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Local;
using Zurg.Agent.Usage;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Local;

/// <summary>The local half of an agent: naming on a real Unix socket.</summary>
internal sealed class LocalAgent : IAsyncDisposable
{
    private CancellationTokenSource _stop = new();
    private Task _saying = Task.CompletedTask;
    private LocalServer? _server;

    private LocalAgent() => Begin();

    public TemporaryDirectory Directory { get; } = new();

    public Subscribers Subscribers { get; private set; } = null!;

    public NamingCache Naming { get; private set; } = null!;

    /// <summary>What the host subscribes to.</summary>
    public string Subscribed { get; private set; } = "";

    /// <summary>What was said to the master.</summary>
    public ConcurrentQueue<NamingConfirmation> Words { get; } = new();

    public ProcessNames Names { get; } = new();

    /// <summary>What processes said of themselves.</summary>
    public ConcurrentQueue<AgentInput> Told { get; } = new();

    public SelfDesk Selves { get; private set; } = null!;

    public ConsumerDesk Desk => new(Naming, Subscribers, Names, Selves, Uses);

    public UseDesk Uses { get; } = new(TimeProvider.System, _ => { });

    public string Metrics { get; set; } = "";

    public string SocketPath => Directory["agent.sock"];

    public static async Task<LocalAgent> StartAsync()
    {
        var agent = new LocalAgent();
        await agent.ListenAsync();
        return agent;
    }

    public async Task ListenAsync() =>
        _server = await LocalServer.StartAsync(SocketPath, Desk, () => Metrics, NullLoggerFactory.Instance, default);

    /// <summary>Another agent with the same directory, after the one before had no time for a last word.</summary>
    public async Task RestartAsync()
    {
        await HangUpAsync();
        var kept = await File.ReadAllBytesAsync(Directory["subscribers"]);
        await EndAsync();
        await File.WriteAllBytesAsync(Directory["subscribers"], kept);
        Words.Clear();
        Begin();
    }

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

    /// <summary>The newest word on a service: REVISION, and who is late in brackets.</summary>
    public string Said(string service) =>
        Words.LastOrDefault()?.Services.FirstOrDefault(s => s.Service.Value == service) is { } said
        ? $"{said.Revision}{string.Concat(said.Late.Select(l => $" [{l.Name} {l.Revision}]"))}"
        : "nothing";

    public async ValueTask DisposeAsync()
    {
        await HangUpAsync();
        await EndAsync();
        Directory.Dispose();
    }
    private void Begin()
    {
        var file = new SubscribersFile(Directory["subscribers"], NullLogger<SubscribersFile>.Instance);
        Subscribers = new Subscribers(TimeProvider.System, Words.Enqueue, file);
        Naming = new NamingCache(
            NamingFixtures.Own, Subscribers, TimeProvider.System, s => Subscribed = string.Join(' ', s.Services));
        Selves = new SelfDesk(Names, (input, _) =>
        {
            Told.Enqueue(input);
            return ValueTask.CompletedTask;
        }, TimeProvider.System);
        Subscribers.Load();
        Naming.Forget();
        _stop = new CancellationTokenSource();
        _saying = Subscribers.RunAsync(_stop.Token);
    }

    private async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _saying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
