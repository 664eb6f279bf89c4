using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace Zurg.Bench;

/// <param name="At">As <see cref="Stopwatch.GetTimestamp"/> counts: both are CLOCK_MONOTONIC.</param>
internal readonly record struct Started(int Pid, long At);

/// <summary>
/// The smallest program there is: its first instructions take the time and its pid, write both into a named pipe, then it sleeps
/// for ever. The time is its own, so nothing that reads the pipe counts.
/// </summary>
internal sealed class TrivialProgram : IAsyncDisposable
{
    private const int RecordSize = 24;

    // x86-64, Linux system calls by number (unistd_64.h): clock_gettime 228, getpid 39, open 2, write 1, pause 34.
    private static readonly byte[] Code =
    [
        0xB8, 228, 0, 0, 0, 0xBF, 1, 0, 0, 0, 0x48, 0x8D, 0x74, 0x24, 0xC0, 0x0F, 0x05, // clock_gettime(1, rsp - 64)
        0xB8, 39, 0, 0, 0, 0x0F, 0x05, 0x48, 0x89, 0x44, 0x24, 0xD0, // the pid to rsp - 48
        0xB8, 2, 0, 0, 0, 0x48, 0x8D, 0x3D, 35, 0, 0, 0, 0xBE, 1, 8, 0, 0, 0x0F, 0x05, // open(path, O_WRONLY | O_NONBLOCK)
        0x89, 0xC7, 0xB8, 1, 0, 0, 0, 0x48, 0x8D, 0x74, 0x24, 0xC0, 0xBA, RecordSize, 0, 0, 0, 0x0F, 0x05, // write(.., 24)
        0xB8, 34, 0, 0, 0, 0x0F, 0x05, 0xEB, 0xF7, // pause(), for ever
    ];

    private readonly FileStream _pipe;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Started> _starts = Channel.CreateBounded<Started>(4096);
    private readonly Thread _reader;

    private TrivialProgram(FileStream pipe, byte[] bytes)
    {
        (_pipe, Bytes) = (pipe, bytes);
        _reader = new Thread(Read) { IsBackground = true, Name = "starts" };
        _reader.Start();
    }

    /// <summary>The executable.</summary>
    public byte[] Bytes { get; }

    /// <param name="directory">Of the named pipe; any user may write to it.</param>
    public static TrivialProgram Make(string directory, string name)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new PeerException("the trivial program is written for x86-64 only");
        }

        var path = Path.Combine(directory, name + ".pipe");
        using (var mkfifo = Process.Start("mkfifo", ["-m", "666", path]))
        {
            mkfifo.WaitForExit();
        }

        // Open for both, so that it never is at its end.
        var pipe = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        return new TrivialProgram(pipe, Build(path));
    }

    /// <summary>The next start of anybody.</summary>
    public ValueTask<Started> NextAsync(CancellationToken stop) => _starts.Reader.ReadAsync(stop);

    /// <summary>Forgets what was not asked for.</summary>
    public void Skip()
    {
        while (_starts.Reader.TryRead(out _))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _pipe.Write(new byte[RecordSize]);
        _reader.Join();
        await _pipe.DisposeAsync();
        _stop.Dispose();
    }

    private void Read()
    {
        var record = new byte[RecordSize];
        while (!_stop.IsCancellationRequested)
        {
            _pipe.ReadExactly(record);
            var at = (BitConverter.ToInt64(record, 0) * 1_000_000_000) + BitConverter.ToInt64(record, 8);
            if (at != 0)
            {
                _starts.Writer.TryWrite(new Started((int)BitConverter.ToInt64(record, 16), at));
            }
        }
    }

    /// <summary>elf(5): a header, one loadable segment of everything, the code, the path.</summary>
    private static byte[] Build(string path)
    {
        const int header = 64 + 56;
        const ulong address = 0x400000;
        byte[] body = [.. Code, .. Encoding.UTF8.GetBytes(path), 0];
        var size = (ulong)(header + body.Length);
        var elf = new MemoryStream();
        using var to = new BinaryWriter(elf);
        to.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Write16(to, 2, 62);
        to.Write(1);
        Write64(to, address + header, 64, 0);
        to.Write(0);
        Write16(to, 64, 56, 1, 64, 0, 0);
        to.Write(1);
        to.Write(5);
        Write64(to, 0, address, address, size, size, 0x1000);
        to.Write(body);
        return elf.ToArray();
    }

    private static void Write16(BinaryWriter to, params ReadOnlySpan<ushort> values)
    {
        foreach (var value in values)
        {
            to.Write(value);
        }
    }

    private static void Write64(BinaryWriter to, params ReadOnlySpan<ulong> values)
    {
        foreach (var value in values)
        {
            to.Write(value);
        }
    }
}
