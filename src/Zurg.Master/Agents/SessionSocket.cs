using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>Why a session ended: the close status and words that fit into a close frame (RFC 6455 section 5.5: 123 bytes).</summary>
internal sealed class SessionEndedException(WebSocketCloseStatus status, string reason) : Exception(reason)
{
    public WebSocketCloseStatus Status { get; } = status;
}

/// <summary>Whole JSON messages over one WebSocket: the only place that reads from it, and the only one that writes to it.</summary>
internal sealed class SessionSocket(WebSocket socket, TimeProvider time)
{
    /// <summary>In bytes, of one message of an agent: 4 MiB. What is longer is not read to its end.</summary>
    public const int MessageBytesMax = 4 * 1024 * 1024;

    /// <summary>A message that the peer does not take within this time ends the session.</summary>
    public static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
    private const int CloseReasonCharsMax = 100;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    /// <summary>The next message; null when the peer closed.</summary>
    /// <exception cref="SessionEndedException">Too long, no text, no JSON of a message, or nothing within the time.</exception>
    public async Task<AgentMessage?> ReadAsync(int bytesMax, TimeSpan within, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            return await ReceiveAsync(bytesMax, either.Token) ? Parse() : null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, $"no message for {within.TotalSeconds:0} s");
        }
    }

    /// <summary>The one outbound point of a session: everything that an agent is told passes here (DESIGN.md section 8, the gate).</summary>
    public async Task SendAsync(OutboundMessage message, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(SendTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await socket.SendAsync(message.Bytes, WebSocketMessageType.Text, endOfMessage: true, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, "a message was not taken within 10 s");
        }
    }

    /// <summary>Says goodbye when the peer still listens; never throws and never waits long.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, string reason)
    {
        using var late = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            var shown = reason.Length <= CloseReasonCharsMax ? reason : reason[..CloseReasonCharsMax];
            await socket.CloseOutputAsync(status, string.Concat(shown.Where(char.IsAscii)), late.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }

    private async Task<bool> ReceiveAsync(int bytesMax, CancellationToken stop)
    {
        _buffer.ResetWrittenCount();
        while (true)
        {
            var received = await socket.ReceiveAsync(_buffer.GetMemory(4096), stop);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return false;
            }

            if (received.MessageType == WebSocketMessageType.Binary)
            {
                throw new SessionEndedException(WebSocketCloseStatus.InvalidMessageType, "messages are text: JSON");
            }

            _buffer.Advance(received.Count);
            if (_buffer.WrittenCount > bytesMax)
            {
                throw new SessionEndedException(WebSocketCloseStatus.MessageTooBig, $"a message over {bytesMax} bytes");
            }

            if (received.EndOfMessage)
            {
                return true;
            }
        }
    }

    private AgentMessage Parse()
    {
        try
        {
            return JsonSerializer.Deserialize(_buffer.WrittenSpan, WireJson.Default.AgentMessage) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new SessionEndedException(WebSocketCloseStatus.InvalidPayloadData, $"no JSON of a message: {e.Message}");
        }
    }
}
