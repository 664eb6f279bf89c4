using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Session;

/// <summary>A master's end of sessions over a real WebSocket.</summary>
internal sealed class FakeMaster : IAsyncDisposable
{
    private readonly Channel<Visit> _visits = Channel.CreateBounded<Visit>(100);
    private LoopbackServer? _server;

    public string ClusterId { get; set; } = "c1";

    public string? Refusal { get; set; }

    /// <summary>The Authorization header of each dial.</summary>
    public ConcurrentQueue<string> Tokens { get; } = new();

    public Uri Url => _server!.Url;

    public static async Task<FakeMaster> StartAsync()
    {
        var master = new FakeMaster();
        master._server = await LoopbackServer.StartAsync(master.HandleAsync);
        return master;
    }

    /// <summary>The next session that was let in.</summary>
    public async Task<Visit> VisitAsync()
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        return await _visits.Reader.ReadAsync(late.Token);
    }

    public async Task HandleAsync(HttpContext http)
    {
        Tokens.Enqueue(http.Request.Headers.Authorization.ToString());
        Assert.Equal("/v1/agents/session", http.Request.Path);
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var visit = new Visit(socket);
        visit.Hello = (await visit.ReadAsync())?.Hello;
        await visit.SendAsync(new MasterMessage { Welcome = new MasterWelcome(ClusterId, "test", Refusal) });
        await _visits.Writer.WriteAsync(visit);
        await visit.Ended.Task.WaitAsync(http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    internal sealed class Visit(WebSocket socket)
    {
        public AgentHello? Hello { get; set; }

        public TaskCompletionSource Ended { get; } = new();

        public WebSocket Socket => socket;

        public Task SendAsync(MasterMessage message) =>
            SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.MasterMessage));

        public async Task SendAsync(byte[] text)
        {
            using var late = new CancellationTokenSource(Eventually.Deadline);
            await socket.SendAsync(text, WebSocketMessageType.Text, true, late.Token);
        }

        /// <summary>The agent may have gone by now.</summary>
        public async Task TrySendAsync(byte[] text) =>
            await SendAsync(text).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        /// <summary>Null when the agent has ended the session.</summary>
        public async Task<AgentMessage?> ReadAsync()
        {
            using var late = new CancellationTokenSource(Eventually.Deadline);
            using var text = new MemoryStream();
            var piece = new byte[4096];
            while (true)
            {
                var read = await socket.ReceiveAsync(piece.AsMemory(), late.Token);
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                text.Write(piece, 0, read.Count);
                if (read.EndOfMessage)
                {
                    return JsonSerializer.Deserialize(text.ToArray(), WireJson.Default.AgentMessage);
                }
            }
        }
    }
}
