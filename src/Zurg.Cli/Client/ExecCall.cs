using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>What a command reads and writes here.</summary>
internal sealed record ExecStreams(Stream Input, Stream Output, Stream Error);

/// <summary>One command on a host: stdin there, stdout and stderr back, and how it ended.</summary>
/// <param name="socket">Connected.</param>
/// <param name="terminal">The input is this; null: the command gets no terminal.</param>
internal sealed class ExecCall(WebSocket socket, CallerTerminal? terminal) : IDisposable
{
    /// <summary>From Ctrl-C until the connection is cut, and with it the command.</summary>
    public static readonly TimeSpan AfterInterrupt = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _sending = new(1);
    private volatile Exception? _cut;
    private IDisposable? _raw;
    private Task _feeding = Task.CompletedTask;
    private Task _told = Task.CompletedTask;

    /// <summary>Nobody reads the output any more: the command is of no use, and ends with its connection.</summary>
    public void Cut() => Cut(new IOException("Broken pipe"));

    /// <summary>
    /// Until it has ended; interrupted it is sent SIGINT, and two seconds later it is cut off. On a terminal Ctrl-C is the
    /// command's, and an interrupt from elsewhere cuts it off at once. The terminal is as before when this returns or throws.
    /// </summary>
    /// <exception cref="VerbFailedException">The connection was lost.</exception>
    /// <exception cref="IOException">Nobody reads the output any more.</exception>
    public async Task<ExecEnded> RunAsync(
        ExecStart start, ExecStreams streams, TimeProvider time, CancellationToken interrupt)
    {
        using var end = new CancellationTokenSource();
        await SendAsync(new ExecMessage { Start = start }, end.Token);
        if (terminal is null)
        {
            Feed(streams.Input, end.Token);
        }

        await using var interrupted = interrupt.Register(() => Interrupt(end));
        try
        {
            return await HearAsync(streams, end.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            interrupt.ThrowIfCancellationRequested();
            throw _cut ?? Lost();
        }
        finally
        {
            _raw?.Dispose();
            socket.Abort();
            await end.CancelAsync();
            await _told;
            await Task.WhenAny(_feeding, Task.Delay(TimeSpan.Zero, time, CancellationToken.None));
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        _sending.Dispose();
    }

    private void Cut(Exception why)
    {
        _cut = why;
        socket.Abort();
    }

    private async Task<ExecEnded> HearAsync(ExecStreams streams, CancellationToken stop)
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
                var stream = buffer[0] == ExecMessage.Error ? streams.Error : streams.Output;
                await stream.WriteAsync(buffer.AsMemory(1, length - 1), stop);
                await stream.FlushAsync(stop);
            }
            else if (piece.MessageType == WebSocketMessageType.Text
                && JsonSerializer.Deserialize(buffer.AsSpan(0, length), WireJson.Default.ExecMessage) is { } message)
            {
                if (message.Ended is { } ended)
                {
                    return ended;
                }

                if (message.Started is not null && terminal is not null && _raw is null)
                {
                    // Not sooner: until the command runs Ctrl-C is for us.
                    _raw = terminal.Enter(window => _told = TellAsync(window, stop));
                    Feed(streams.Input, stop);
                }
            }
        }
    }

    private static VerbFailedException Lost() =>
        new("the connection with the master was lost; the command is ended there");

    private void Feed(Stream input, CancellationToken stop) =>
        _feeding = Task.Run(() => FeedAsync(input, stop), CancellationToken.None);

    private async Task FeedAsync(Stream input, CancellationToken stop)
    {
        var keys = new EscapeKeys();
        try
        {
            var buffer = new byte[ExecMessage.FrameMax - 2];
            for (int length; (length = await input.ReadAsync(buffer, stop)) > 0;)
            {
                var bytes = terminal is null ? buffer[..length] : keys.Pass(buffer.AsSpan(0, length));
                if (bytes is null)
                {
                    Cut(new VerbFailedException("cut off by ~.; the command is ended there"));
                    return;
                }

                if (bytes.Length > 0)
                {
                    await SendAsync((byte[])[ExecMessage.Input, .. bytes], WebSocketMessageType.Binary, stop);
                }
            }

            if (terminal is null)
            {
                await SendAsync(new ExecMessage { InputEnds = true }, stop);
                return;
            }
        }
        catch (IOException) when (terminal is not null)
        {
            // As at its end: it was hung up.
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The command does not need it any more.
            return;
        }

        Cut(new VerbFailedException("the terminal here is gone; the command is ended there"));
    }

    private void Interrupt(CancellationTokenSource end)
    {
        if (terminal is null)
        {
            _told = TellAsync(new ExecMessage { Signal = "INT" }, end.Token);
        }

        end.CancelAfter(terminal is null ? AfterInterrupt : TimeSpan.Zero);
    }

    private Task TellAsync(ExecWindow window, CancellationToken stop) => TellAsync(new ExecMessage { Window = window }, stop);

    private async Task TellAsync(ExecMessage message, CancellationToken stop)
    {
        try
        {
            await SendAsync(message, stop);
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
