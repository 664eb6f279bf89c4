using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>One command on a host: stdin there, stdout and stderr back, and how it ended.</summary>
/// <param name="socket">Connected.</param>
internal sealed class ExecCall(WebSocket socket) : IDisposable
{
    /// <summary>From Ctrl-C until the connection is cut, and with it the command.</summary>
    public static readonly TimeSpan AfterInterrupt = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _sending = new(1);
    private volatile bool _isUnread;

    /// <summary>Nobody reads the output any more: the command is of no use, and ends with its connection.</summary>
    public void Cut()
    {
        _isUnread = true;
        socket.Abort();
    }

    /// <summary>Until it has ended; interrupted it is sent SIGINT, and two seconds later it is cut off.</summary>
    /// <exception cref="VerbFailedException">The connection was lost.</exception>
    /// <exception cref="IOException">Nobody reads the output any more.</exception>
    public async Task<ExecEnded> RunAsync(
        ExecStart start, Stream input, Stream output, Stream error, TimeProvider time, CancellationToken interrupt)
    {
        using var end = new CancellationTokenSource();
        await SendAsync(new ExecMessage { Start = start }, end.Token);
        var feeding = Task.Run(() => FeedAsync(input, end.Token), CancellationToken.None);
        await using var interrupted = interrupt.Register(() => _ = InterruptAsync(end.Token));
        interrupt.Register(() => end.CancelAfter(AfterInterrupt));
        try
        {
            return await HearAsync(output, error, end.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            interrupt.ThrowIfCancellationRequested();
            throw _isUnread ? new IOException("Broken pipe") : Lost();
        }
        finally
        {
            socket.Abort();
            await end.CancelAsync();
            await Task.WhenAny(feeding, Task.Delay(TimeSpan.Zero, time, CancellationToken.None));
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        _sending.Dispose();
    }

    private async Task<ExecEnded> HearAsync(Stream output, Stream error, CancellationToken stop)
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

            if (piece.MessageType == WebSocketMessageType.Close)
            {
                throw Lost();
            }

            if (piece.MessageType == WebSocketMessageType.Binary && length > 1)
            {
                var stream = buffer[0] == ExecMessage.Error ? error : output;
                await stream.WriteAsync(buffer.AsMemory(1, length - 1), stop);
                await stream.FlushAsync(stop);
            }
            else if (JsonSerializer.Deserialize(buffer.AsSpan(0, length), WireJson.Default.ExecMessage)?.Ended is { } ended)
            {
                return ended;
            }
        }
    }

    private static VerbFailedException Lost() =>
        new("the connection with the master was lost; the command is ended there");

    private async Task FeedAsync(Stream input, CancellationToken stop)
    {
        try
        {
            var buffer = new byte[ExecMessage.FrameMax];
            buffer[0] = ExecMessage.Input;
            for (int length; (length = await input.ReadAsync(buffer.AsMemory(1), stop)) > 0;)
            {
                await SendAsync(buffer.AsMemory(0, length + 1), WebSocketMessageType.Binary, stop);
            }

            await SendAsync(new ExecMessage { InputEnds = true }, stop);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The command does not need it any more.
        }
    }

    private async Task InterruptAsync(CancellationToken stop)
    {
        try
        {
            await SendAsync(new ExecMessage { Signal = "INT" }, stop);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It is over already.
        }
    }

    private Task SendAsync(ExecMessage message, CancellationToken stop) => SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.ExecMessage), WebSocketMessageType.Text, stop);

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
