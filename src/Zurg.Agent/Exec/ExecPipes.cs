using System.Threading.Channels;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Exec;

/// <summary>
/// What goes in and out of one command, each stream with a thread of its own: reading a pipe blocks, and the pool's threads are
/// for those who do not. What was read and not yet taken is bounded, so a caller that reads slowly slows the command down.
/// </summary>
/// <param name="ends">Owned: closed here.</param>
internal sealed class ExecPipes(ExecEnds ends) : IDisposable
{
    /// <summary>Messages that were read and wait to be sent, of both streams together.</summary>
    private const int WaitingMax = 8;

    /// <summary>How long a thread looks at a pipe before it looks whether it is still wanted.</summary>
    private const int LookMilliseconds = 100;

    private readonly CancellationTokenSource _gone = new();
    private readonly SemaphoreSlim _room = new(WaitingMax);
    private readonly SemaphoreSlim _given = new(0);
    private readonly Channel<byte[]> _read = Channel.CreateBounded<byte[]>(WaitingMax + 2);
    private readonly Channel<byte[]> _input = Channel.CreateBounded<byte[]>(2);
    private int _readers;
    private volatile bool _over;
    private bool _begun;

    /// <summary>What the command wrote, each with its stream as the first byte; ends when both streams have.</summary>
    public ChannelReader<byte[]> Output => _read.Reader;

    /// <summary>One that was taken from <see cref="Output"/> has been sent.</summary>
    public void Sent() => _room.Release();

    /// <summary>The command has its ends by now, or was never started.</summary>
    public void Begin()
    {
        _begun = true;
        ends.CloseTheirs();
        _readers = ends.Written.Length;
        foreach (var stream in ends.Written)
        {
            new Thread(() => Read(stream)) { IsBackground = true, Name = "exec output" }.Start();
        }

        new Thread(Write) { IsBackground = true, Name = "exec input" }.Start();
    }

    /// <summary>Waits while the command does not read what it was given before.</summary>
    public async ValueTask GiveAsync(byte[] bytes, CancellationToken stop)
    {
        try
        {
            await _input.Writer.WriteAsync(bytes, stop);
            _given.Release();
        }
        catch (ChannelClosedException)
        {
            // The command has closed its stdin, or is over: what is typed on goes nowhere, as in a pipe of a shell.
        }
    }

    /// <summary>No more input: the command finds the end of its stdin once it has read the rest.</summary>
    public async ValueTask EndInputAsync(CancellationToken stop)
    {
        if (ends.Terminal is null)
        {
            CompleteInput();
            return;
        }

        // Its end is nothing but a key there; more may follow.
        const byte endOfTransmission = 4;
        await GiveAsync([endOfTransmission], stop);
    }

    /// <summary>Nobody is at the other end any more: a terminal hangs up, and its session gets SIGHUP from the kernel.</summary>
    public void HangUp() => _gone.Cancel();

    private void CompleteInput()
    {
        if (_input.Writer.TryComplete())
        {
            _given.Release();
        }
    }

    /// <summary>Nothing of the command runs any more: what is in the pipes is all that comes.</summary>
    public void EndOutput() => _over = true;

    public void Dispose()
    {
        _gone.Cancel();
        CompleteInput();
        ends.CloseTheirs();
        if (!_begun)
        {
            // Else each thread closes its own: a descriptor that is closed while it is read may be another file's by then.
            ends.CloseOurs();
        }
    }

    private void Read(byte stream)
    {
        var buffer = new byte[ExecMessage.FrameMax];
        var fd = ends.Ours(stream);
        try
        {
            while (WaitFor(() => Libc.HasInput(fd, LookMilliseconds)))
            {
                _room.Wait(_gone.Token);
                var length = ReadInto(buffer, fd);
                if (length <= 0)
                {
                    return;
                }

                buffer[0] = stream;
                _read.Writer.TryWrite(buffer.AsSpan(0, length + 1).ToArray());
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads on.
        }
        finally
        {
            ends.Close(stream);
            if (Interlocked.Decrement(ref _readers) == 0)
            {
                _read.Writer.TryComplete();
            }
        }
    }

    private static unsafe int ReadInto(byte[] buffer, int fd)
    {
        fixed (byte* start = buffer)
        {
            nint length;
            do
            {
                length = Libc.Read(fd, start + 1, (nuint)buffer.Length - 1);
            }
            while (length < 0 && Libc.LastError is Libc.Errno.Interrupted or Libc.Errno.TryAgain);
            return (int)length;
        }
    }

    private void Write()
    {
        try
        {
            while (true)
            {
                _given.Wait(_gone.Token);
                if (!_input.Reader.TryRead(out var bytes) || !WriteAll(bytes))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The command is over.
        }
        finally
        {
            ends.Close(ExecMessage.Input);
            _input.Writer.TryComplete();
        }
    }

    /// <summary>False: nobody reads it any more.</summary>
    private unsafe bool WriteAll(ReadOnlySpan<byte> bytes)
    {
        var fd = ends.Ours(ExecMessage.Input);
        while (!bytes.IsEmpty)
        {
            if (!WaitFor(() => Libc.HasOutput(fd, LookMilliseconds)))
            {
                return false;
            }

            fixed (byte* start = bytes)
            {
                var written = Libc.Write(fd, start, (nuint)bytes.Length);
                if (written < 0 && Libc.LastError is not (Libc.Errno.Interrupted or Libc.Errno.TryAgain))
                {
                    return false;
                }

                bytes = bytes[(int)Math.Max(written, 0)..];
            }
        }

        return true;
    }

    /// <summary>False: the command is over and nothing is there, or nobody wants it any more.</summary>
    /// <param name="isReady">Waits a little.</param>
    private bool WaitFor(Func<bool> isReady)
    {
        // Whether it is over is looked at first: what was written before that is there by then.
        while (true)
        {
            var over = _over;
            if (_gone.IsCancellationRequested)
            {
                return false;
            }

            if (isReady())
            {
                return true;
            }

            if (over)
            {
                return false;
            }
        }
    }
}
