using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>
/// A host whose agent is the benchmark: it says each second that it lives, and at once when its one instance, which does not
/// exist, listens elsewhere.
/// </summary>
internal sealed class ChangingHost : IAsyncDisposable
{
    public static readonly ServiceName Service = new("s");
    public static readonly HostId Host = new("host1");

    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PlaceTime = TimeSpan.FromSeconds(30);

    private readonly WebSocket _socket;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly TaskCompletionSource _placed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private readonly Task _reporting;
    private Assignment? _assignment;
    private int _port = 1;
    private long _number;

    private ChangingHost(WebSocket socket)
    {
        _socket = socket;
        _reading = ReadAsync();
        _reporting = ReportAsync();
    }

    public static async Task<ChangingHost> JoinAsync(MasterClient client, CancellationToken stop)
    {
        var socket = await client.DialAsync("/v1/agents/session", protocol: null, stop);
        var hello = new AgentHello
        {
            Host = Host,
            AgentEpoch = new Epoch(1),
            Description = new HostDescription
            {
                Cell = new CellName("az1"), Address = "127.0.0.1", BootId = "bench", Build = "bench", Memory = 1L << 34,
                Cpus = 2, Kernel = "bench", Limits = "none",
            },
        };
        await SendAsync(socket, new AgentMessage { Hello = hello }, stop);
        return new ChangingHost(socket);
    }

    /// <summary>Until the master has placed the instance here.</summary>
    public async Task PlacedAsync(CancellationToken stop)
    {
        try
        {
            await _placed.Task.WaitAsync(PlaceTime, stop);
        }
        catch (TimeoutException)
        {
            throw new PeerException($"the master placed no instance within {PlaceTime.TotalSeconds:0} s");
        }
    }

    /// <summary>The instance is ready at this port.</summary>
    public Task ListenAtAsync(int port, CancellationToken stop)
    {
        Volatile.Write(ref _port, port);
        return SayAsync(stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_reading, _reporting)
            .ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _socket.Dispose();
        _sending.Dispose();
        _end.Dispose();
    }

    private async Task ReportAsync()
    {
        while (true)
        {
            await SayAsync(_end.Token);
            await Task.Delay(ReportEvery, _end.Token);
        }
    }

    private async Task SayAsync(CancellationToken stop)
    {
        await _sending.WaitAsync(stop);
        try
        {
            var assignment = Volatile.Read(ref _assignment);
            var report = new HostReport
            {
                Number = ++_number,
                Applied = assignment?.Generation ?? default,
                Instances = [.. (assignment?.Instances ?? []).Select(StatusOf)],
            };
            await SendAsync(_socket, new AgentMessage { Report = report }, stop);
        }
        finally
        {
            _sending.Release();
        }
    }

    private InstanceStatus StatusOf(AssignedInstance assigned) => new()
    {
        Instance = assigned.Instance,
        Incarnation = new Incarnation(1),
        Phase = InstancePhase.Running,
        Healthy = true,
        Spec = assigned.SpecDigest,
        Release = assigned.Spec.Release,
        Restarts = assigned.Restarts,
        Since = DateTimeOffset.UnixEpoch,
        Crashes = 0,
        Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http"), Volatile.Read(ref _port)),
    };

    private async Task ReadAsync()
    {
        using var whole = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer, _end.Token);
            whole.Write(buffer, 0, received.Count);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                throw new PeerException($"the master ended the session: {_socket.CloseStatusDescription}");
            }

            if (!received.EndOfMessage)
            {
                continue;
            }

            var message = JsonSerializer.Deserialize(whole.ToArray(), WireJson.Default.MasterMessage);
            whole.SetLength(0);
            if (message?.Assignment is { Instances.IsEmpty: false } assignment)
            {
                Volatile.Write(ref _assignment, assignment);
                _placed.TrySetResult();
            }
        }
    }

    private static Task SendAsync(WebSocket socket, AgentMessage message, CancellationToken stop) => socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.AgentMessage), WebSocketMessageType.Text, true, stop);
}
