using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Agent.Exec;

/// <summary>The WebSocket of one command, by way of the master to whoever asked for it.</summary>
internal sealed class ExecLine(WebSocket socket, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _sending = new(1);

    public Task SendAsync(ExecMessage message, CancellationToken stop) => SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.ExecMessage), WebSocketMessageType.Text, stop);

    /// <summary>Until both streams have ended; a caller that does not read makes it wait, and with it the command.</summary>
    public async Task SendOutputAsync(ExecPipes pipes, CancellationToken stop)
    {
        while (await pipes.Output.WaitToReadAsync(stop))
        {
            while (pipes.Output.TryRead(out var frame))
            {
                await SendAsync(frame, WebSocketMessageType.Binary, stop);
                pipes.Sent();
            }
        }
    }

    /// <summary>Stdin, signals and window sizes, until the caller goes.</summary>
    public async Task HearAsync(ExecCommand command, CancellationToken stop)
    {
        var buffer = new byte[ExecMessage.TextMax];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult piece;
            do
            {
                piece = await socket.ReceiveAsync(buffer.AsMemory(length), stop);
                length += piece.Count;
            }
            while (!piece.EndOfMessage && length < buffer.Length);

            if (piece.MessageType == WebSocketMessageType.Close || !piece.EndOfMessage)
            {
                return;
            }

            if (piece.MessageType == WebSocketMessageType.Text)
            {
                var message = JsonSerializer.Deserialize(buffer.AsSpan(0, length), WireJson.Default.ExecMessage);
                await ObeyAsync(command, message, stop);
            }
            else if (length > 1 && buffer[0] == ExecMessage.Input)
            {
                await command.Pipes.GiveAsync(buffer[1..length], stop);
            }
        }
    }

    /// <summary>
    /// The last word, and a little time to take it: a receive that is cancelled aborts the socket, and what is on its way is
    /// lost.
    /// </summary>
    public async Task EndAsync(ExecEnded ended, Task hearing, CancellationToken stop)
    {
        await SendAsync(new ExecMessage { Ended = ended }, stop);
        using var late = new CancellationTokenSource(CloseWithin, time);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, late.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var heard = hearing.IsCompleted ? socket.ReceiveAsync(new byte[1024].AsMemory(), late.Token).AsTask() : hearing;
        await Task.WhenAny(heard, Task.Delay(CloseWithin, time, stop));
        await late.CancelAsync();
        if (heard != hearing)
        {
            await heard.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _sending.Dispose();

    private static async ValueTask ObeyAsync(ExecCommand command, ExecMessage? message, CancellationToken stop)
    {
        if (message?.Signal is { } signal)
        {
            command.Signal(signal);
        }
        else if (message?.Window is { } window)
        {
            command.Resize(window);
        }
        else if (message?.InputEnds is true)
        {
            await command.Pipes.EndInputAsync(stop);
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken stop)
    {
        await _sending.WaitAsync(stop);
        try
        {
            await socket.SendAsync(bytes, type, endOfMessage: true, stop);
        }
        finally
        {
            _sending.Release();
        }
    }
}
