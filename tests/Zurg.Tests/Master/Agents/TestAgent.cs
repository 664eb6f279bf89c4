using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Agents;

/// <summary>The agent's side of a session, message by message.</summary>
internal sealed class TestAgent : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _deadline = new(TestMaster.Deadline);

    private TestAgent()
    {
    }

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public static async Task<TestAgent> DialAsync(TestMaster master)
    {
        var agent = new TestAgent();
        agent._socket.Options.SetRequestHeader("Authorization", "Bearer " + master.Token);
        await agent._socket.ConnectAsync(
            new UriBuilder(master.Host.Url) { Scheme = "ws", Path = "/v1/agents/session" }.Uri, agent._deadline.Token);
        return agent;
    }

    public static async Task<TestAgent> JoinAsync(TestMaster master, string host, long epoch = 1)
    {
        var agent = await DialAsync(master);
        await agent.SendAsync(Hello(host, epoch));
        var welcome = (await agent.ReadAsync())?.Welcome;
        Assert.NotNull(welcome);
        Assert.Null(welcome.Refusal);
        return agent;
    }

    public static AgentMessage Hello(string host, long epoch = 1, string? cluster = null) => new()
    {
        Hello = new AgentHello
        {
            Host = new HostId(host), AgentEpoch = new Epoch(epoch), ClusterId = cluster,
            Description = new HostDescription
            {
                Cell = new CellName("az1"), Address = "127.0.0.1", BootId = "boot", Build = "test", Memory = 1L << 30, Cpus = 2,
                Kernel = "6",
                Limits = "none",
            },
        },
    };

    public static AgentMessage Report(long number, params InstanceStatus[] instances) => new()
    {
        Report = new HostReport { Number = number, Applied = new Generation(0), Instances = [.. instances] },
    };

    /// <summary>All of it runs and is ready.</summary>
    public static AgentMessage Running(long number, Assignment assignment) => new()
    {
        Report = new HostReport
        {
            Number = number, Applied = assignment.Generation,
            Instances =
            [
                .. assignment.Instances.Select(i => new InstanceStatus
                {
                    Instance = i.Instance, Incarnation = new Incarnation(1), Phase = InstancePhase.Running, Healthy = true,
                    Spec = i.SpecDigest,
                    Release = i.Spec.Release, Restarts = i.Restarts, Since = DateTimeOffset.UnixEpoch, Crashes = 0,
                }),
            ],
        },
    };

    public static AgentMessage Naming(string service) =>
        new() { Naming = new NamingSubscription { Services = [new ServiceName(service)] } };

    public Task SendAsync(AgentMessage message) =>
        SendTextAsync(JsonSerializer.Serialize(message, WireJson.Default.AgentMessage));

    public Task SendTextAsync(string text, bool end = true) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, end, _deadline.Token);

    public Task SendBinaryAsync() => _socket.SendAsync(new byte[] { 1, 2 }, WebSocketMessageType.Binary, true, _deadline.Token);

    /// <summary>The next message; null when the master closed.</summary>
    public async Task<MasterMessage?> ReadAsync()
    {
        using var whole = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer, _deadline.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            whole.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return JsonSerializer.Deserialize(whole.ToArray(), WireJson.Default.MasterMessage);
            }
        }
    }

    /// <summary>The next message that is meant; others are left aside.</summary>
    public async Task<T> ReadAsync<T>(Func<MasterMessage, T?> part) where T : class
    {
        while (await ReadAsync() is { } message)
        {
            if (part(message) is { } found)
            {
                return found;
            }
        }

        throw new InvalidOperationException($"the session was closed: {CloseStatus} {_socket.CloseStatusDescription}");
    }

    /// <summary>Reads until the master closes; its reason.</summary>
    public async Task<string?> ReadToCloseAsync()
    {
        while (await ReadAsync() is not null)
        {
        }

        return _socket.CloseStatusDescription;
    }

    public void Dispose()
    {
        _socket.Dispose();
        _deadline.Dispose();
    }
}
