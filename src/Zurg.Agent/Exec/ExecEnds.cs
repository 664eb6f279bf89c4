using System.Collections.Immutable;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Exec;

/// <summary>The descriptors of one command, by stream: the agent's, and those that the command is given.</summary>
internal sealed class ExecEnds
{
    private const int CloseOnExec = 0x80000;
    private const int DuplicateCloseOnExec = 1030;

    private readonly Lock _lock = new();
    private readonly int[] _ours = [-1, -1, -1];
    private readonly int[] _theirs = [-1, -1, -1];

    private ExecEnds(ImmutableArray<byte> written) => Written = written;

    /// <summary>The streams that are read here.</summary>
    public ImmutableArray<byte> Written { get; }

    /// <summary>The path of the command's terminal; null: it has three pipes.</summary>
    public string? Terminal { get; private init; }

    /// <exception cref="IOException">This process has no descriptors left.</exception>
    public static ExecEnds OfPipes()
    {
        var ends = new ExecEnds([ExecMessage.Output, ExecMessage.Error]);
        for (var stream = 0; stream < 3; stream++)
        {
            if (!TryPipe(out var reading, out var writing))
            {
                throw ends.Failed("no pipe could be made");
            }

            (ends._ours[stream], ends._theirs[stream]) = stream == ExecMessage.Input ? (writing, reading) : (reading, writing);
        }

        // Ours alone: the two ends of a pipe have flags of their own.
        ends.NeverWait(ExecMessage.Input);
        return ends;
    }

    /// <exception cref="IOException">The host has no terminal to give (pty(7)): its text says why.</exception>
    public static unsafe ExecEnds OfTerminal(ExecWindow window)
    {
        const int readWriteNotOurs = CloseOnExec | 0x102;
        const uint unlock = 0x40045431;
        const uint number = 0x80045430;
        var master = Libc.Open("/dev/ptmx", readWriteNotOurs, 0);
        var (index, no) = (0, 0);
        if (master < 0 || Libc.Control(master, unlock, &no) != 0 || Libc.Control(master, number, &index) != 0)
        {
            var failed = new ExecEnds([]);
            failed._ours[ExecMessage.Output] = master;
            throw failed.Failed("no terminal could be made (/dev/ptmx)");
        }

        var ends = new ExecEnds([ExecMessage.Output]) { Terminal = $"/dev/pts/{index}" };
        ends._ours[ExecMessage.Output] = master;
        ends._ours[ExecMessage.Input] = Libc.FileControl(master, DuplicateCloseOnExec, 3);
        if (ends._ours[ExecMessage.Input] < 0)
        {
            throw ends.Failed("no terminal could be made");
        }

        ends.NeverWait(ExecMessage.Input);
        ends.Resize(window);
        return ends;
    }

    public int Ours(byte stream) => _ours[stream];

    public int Theirs(byte stream) => _theirs[stream];

    /// <summary>The programs on the terminal that ask for it get SIGWINCH from the kernel. Nothing without a terminal.</summary>
    public unsafe void Resize(ExecWindow window)
    {
        const uint setSize = 0x5414;
        lock (_lock)
        {
            if (Terminal is not null && _ours[ExecMessage.Output] is >= 0 and var fd)
            {
                // struct winsize of ioctl_tty(2): rows, columns, and two of pixels that nobody knows here.
                var size = stackalloc ushort[] { Whole(window.Rows), Whole(window.Columns), 0, 0 };
                _ = Libc.Control(fd, setSize, size);
            }
        }
    }

    public void Close(byte stream) => Close(_ours, stream);

    public void CloseOurs() => CloseAll(_ours);

    public void CloseTheirs() => CloseAll(_theirs);

    private static ushort Whole(int length) => (ushort)Math.Clamp(length, 1, ushort.MaxValue);

    private static unsafe bool TryPipe(out int reading, out int writing)
    {
        var ends = stackalloc int[2];
        var made = Libc.Pipe(ends, CloseOnExec) == 0;
        (reading, writing) = made ? (ends[0], ends[1]) : (-1, -1);
        return made;
    }

    private void NeverWait(byte stream)
    {
        const int setFlags = 4;
        const nint nonBlocking = 0x800;
        _ = Libc.FileControl(_ours[stream], setFlags, nonBlocking);
    }

    private IOException Failed(string what)
    {
        var error = Libc.LastError;
        CloseOurs();
        CloseTheirs();
        return new IOException($"{what}: {Libc.Text(error)}");
    }

    private void CloseAll(int[] ends)
    {
        for (var stream = 0; stream < ends.Length; stream++)
        {
            Close(ends, stream);
        }
    }

    private void Close(int[] ends, int stream)
    {
        lock (_lock)
        {
            if (ends[stream] >= 0)
            {
                _ = Libc.Close(ends[stream]);
            }

            ends[stream] = -1;
        }
    }
}
