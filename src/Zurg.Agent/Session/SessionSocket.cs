using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <summary>The session is over, for the reason given.</summary>
internal sealed class SessionEndedException(string message) : Exception(message);

/// <summary>Whole JSON messages over one WebSocket, of a limited size and with a limit to how long a send may take.</summary>
internal sealed class SessionSocket(WebSocket socket, TimeProvider time)
{
    /// <summary>20 instances are 20 KB: this is a host of thousands.</summary>
    public const int MessageBytesMax = 4 * 1024 * 1024;

    /// <summary>A master that takes no byte for so long is given up.</summary>
    public static readonly TimeSpan SendMax = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan CloseMax = TimeSpan.FromSeconds(1);

    private const int PieceBytes = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _read = new(PieceBytes);

    /// <summary>The next message; it is valid until the next call. Null when the master has closed the session.</summary>
    /// <exception cref="SessionEndedException">
    /// It is longer than <see cref="MessageBytesMax"/>, or the connection was given up.
    /// </exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken stop)
    {
        _read.ResetWrittenCount();
        while (true)
        {
            var piece = await ReceiveAsync(stop);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            _read.Advance(piece.Count);
            if (_read.WrittenCount > MessageBytesMax)
            {
                await CloseAsync(WebSocketCloseStatus.MessageTooBig, $"at most {MessageBytesMax} bytes");
                throw new SessionEndedException($"the master sent a message of more than {MessageBytesMax} bytes");
            }

            if (piece.EndOfMessage)
            {
                return _read.WrittenMemory;
            }
        }
    }

    private async Task<ValueWebSocketReceiveResult> ReceiveAsync(CancellationToken stop)
    {
        try
        {
            return await socket.ReceiveAsync(_read.GetMemory(PieceBytes), stop);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // So ends what waits on a socket that was aborted: nobody here asked for it.
            throw new SessionEndedException("the connection was given up: the master answered no ping in time");
        }
    }

    public string? ClosedBecause => socket.CloseStatusDescription;

    public async Task SendAsync(AgentMessage message, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(SendMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.AgentMessage);
            await socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new SessionEndedException($"the master took no message for {SendMax.TotalSeconds} s");
        }
    }

    /// <summary>Says goodbye when that is still possible; never fails and never takes longer than a second.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, string reason)
    {
        using var late = new CancellationTokenSource(CloseMax, time);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(status, reason, late.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }
}
