using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>
/// Why a session ended: the close status and words that fit into a close frame (RFC 6455 section 5.5: 123 bytes).
/// </summary>
internal sealed class SessionEndedException(WebSocketCloseStatus status, string reason) : Exception(reason)
{
    public WebSocketCloseStatus Status { get; } = status;
}

/// <summary>
/// Whole JSON messages over one WebSocket: the only place that reads from it, and the only one that writes to it.
/// </summary>
internal sealed class SessionSocket(WebSocket socket, TimeProvider time)
{
    /// <summary>In bytes, of one message of an agent: 4 MiB. What is longer is not read to its end.</summary>
    public const int MessageBytesMax = 4 * 1024 * 1024;

    /// <summary>A message that the peer does not take within this time ends the session.</summary>
    public static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
    private const int CloseReasonCharsMax = 100;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    // A receive that is cancelled aborts the socket, and then nobody hears why: so it is left running until the close.
    private Task<bool>? _receiving;

    /// <summary>The next message; null when the peer closed.</summary>
    /// <exception cref="SessionEndedException">Too long, no text, no JSON of a message, or nothing within the time.</exception>
    public async Task<AgentMessage?> ReadAsync(int bytesMax, TimeSpan within, CancellationToken stop)
    {
        try
        {
            _receiving = ReceiveAsync(bytesMax);
            return await _receiving.WaitAsync(within, time, stop) ? Parse() : null;
        }
        catch (TimeoutException)
        {
            throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, $"no message for {within.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// The one outbound point of a session: everything that an agent is told passes here (DESIGN.md section 8, the gate).
    /// </summary>
    /// <exception cref="SessionEndedException">The peer did not take it in time.</exception>
    public async Task SendAsync(OutboundMessage message)
    {
        using var late = new CancellationTokenSource(SendTimeout, time);
        try
        {
            await socket.SendAsync(message.Bytes, WebSocketMessageType.Text, endOfMessage: true, late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new SessionEndedException(
                WebSocketCloseStatus.PolicyViolation, $"a message was not taken within {SendTimeout.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// Says why, and waits a little for the peer's goodbye: who hangs up at once may lose the words. Never throws.
    /// </summary>
    public async Task CloseAsync(WebSocketCloseStatus status, string reason)
    {
        using var late = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            var shown = string.Concat(reason.Take(CloseReasonCharsMax).Where(char.IsAscii));
            await socket.CloseOutputAsync(status, shown, late.Token);
            await ReadToCloseAsync(late.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It does not listen any more.
        }

        socket.Abort();
        if (_receiving is not null)
        {
            await _receiving.ContinueWith(
                static r => r.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task ReadToCloseAsync(CancellationToken stop)
    {
        if (_receiving is { IsCompleted: false })
        {
            await _receiving.WaitAsync(stop)
                .ContinueWith(static r => r.Exception, stop, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        // Whatever else the peer was still saying is thrown away.
        var scrap = new byte[4096];
        while (socket.State == WebSocketState.CloseSent)
        {
            await socket.ReceiveAsync(scrap.AsMemory(), stop);
        }
    }

    private async Task<bool> ReceiveAsync(int bytesMax)
    {
        _buffer.ResetWrittenCount();
        while (true)
        {
            var received = await socket.ReceiveAsync(_buffer.GetMemory(4096), CancellationToken.None);
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
            return JsonSerializer.Deserialize(_buffer.WrittenSpan, WireJson.Default.AgentMessage)
                ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new SessionEndedException(WebSocketCloseStatus.InvalidPayloadData, $"no JSON of a message: {e.Message}");
        }
    }
}
