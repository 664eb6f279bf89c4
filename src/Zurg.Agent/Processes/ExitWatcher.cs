using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>
/// Knows every exit within a millisecond: one pidfd a process, one epoll, one thread for all (pidfd_open(2)). It reaps our own
/// children; of others it reads the exit code while they are zombies, and the kernel tells it since 6.15 (PIDFD_GET_INFO). There
/// is one in the whole .NET process: several agents may share it.
/// </summary>
internal sealed unsafe class ExitWatcher
{
    private const int EventsMax = 64;
    private const uint Readable = 0x1;
    private const uint HungUp = 0x10;

    /// <summary>struct rusage has 144 bytes.</summary>
    private const int UsageSize = 256;

    /// <summary>A foreign process's exit code can be read once its parent has reaped it: so long we wait for that.</summary>
    private static readonly TimeSpan ForeignReapMax = TimeSpan.FromMilliseconds(50);

    // The kernel packs struct epoll_event on x86-64 only.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventSize = Packed ? 12 : 16;
    private static readonly int EventData = Packed ? 4 : 8;

    private readonly ConcurrentDictionary<int, Watched> _watched = new();
    private readonly int _epoll;

    private ExitWatcher()
    {
        const int closeOnExec = 0x80000;
        _epoll = Libc.EpollCreate(closeOnExec);
        if (_epoll < 0)
        {
            throw new InvalidOperationException($"epoll_create1 failed: {Libc.Text(Libc.LastError)}");
        }

        new Thread(Run) { IsBackground = true, Name = "exits" }.Start();
    }

    public static ExitWatcher Shared { get; } = new();

    /// <summary>Ends when the process has; at once when it already is gone or its pid belongs to another one.</summary>
    /// <param name="process">A child of ours must not have been reaped by anybody.</param>
    public Task<ProcessExit> WatchAsync(ProcessIdentity process)
    {
        // Continuations must not run on the one thread that knows the exits.
        var exit = new TaskCompletionSource<ProcessExit>(TaskCreationOptions.RunContinuationsAsynchronously);
        Watch(process, exit.SetResult);
        return exit.Task;
    }

    /// <summary>The same without a hop to another thread.</summary>
    /// <param name="ended">
    /// Called once, within this call when the process already is gone, otherwise by the one thread that knows the exits: it must
    /// neither wait nor throw.
    /// </param>
    public void Watch(ProcessIdentity process, Action<ProcessExit> ended)
    {
        var pidfd = Libc.PidfdOpen(process.Pid);
        if (pidfd < 0)
        {
            ended(Unknown);
            return;
        }

        // Only now is the pid pinned: looked at before, it could have changed hands in between.
        if (ProcessStat.Read(process.Pid) is not { } stat || !stat.Is(process))
        {
            _ = Libc.Close(pidfd);
            ended(Unknown);
            return;
        }

        var watched = new Watched(process, stat.Parent == Environment.ProcessId, ended);
        _watched[pidfd] = watched;
        if (Change(1, pidfd, Readable) < 0)
        {
            _watched.TryRemove(pidfd, out _);
            _ = Libc.Close(pidfd);
            throw new InvalidOperationException($"epoll_ctl failed: {Libc.Text(Libc.LastError)}");
        }
    }

    /// <summary>Those watched that are children of this process and were not reaped yet, of all agents in it.</summary>
    public HashSet<int> Children() => [.. _watched.Values.Where(w => w.Child).Select(w => w.Pid)];

    private static ProcessExit Unknown => new(null, null, false, null, null);

    private void Run()
    {
        Span<byte> events = stackalloc byte[EventsMax * 16];
        fixed (byte* start = events)
        {
            while (true)
            {
                var count = Libc.EpollWait(_epoll, start, EventsMax, _watched.Values.Any(w => w.GoneAt is not null) ? 5 : -1);
                for (var i = 0; i < count; i++)
                {
                    var one = events[(i * EventSize)..];
                    Look(BinaryPrimitives.ReadInt32LittleEndian(one[EventData..]), BinaryPrimitives.ReadUInt32LittleEndian(one));
                }

                foreach (var (pidfd, watched) in _watched)
                {
                    if (watched.GoneAt is { } gone && Stopwatch.GetElapsedTime(gone) > ForeignReapMax)
                    {
                        Finish(pidfd, watched, Unknown);
                    }
                }
            }
        }
    }

    private void Look(int pidfd, uint happened)
    {
        if (!_watched.TryGetValue(pidfd, out var watched))
        {
            return;
        }

        if (watched.Child && Lineage.Reaping(() => Reap(watched.Pid)) is { } exit)
        {
            Finish(pidfd, watched, exit);
        }
        else if (Ask(pidfd) is { } status)
        {
            Finish(pidfd, watched, Decode(status));
        }
        else if (ProcessStat.EndOf(watched.Process) is { } seen)
        {
            // Dead, and its parent takes its time to reap it, or never does.
            Finish(pidfd, watched, Decode(seen));
        }
        else if ((happened & HungUp) != 0)
        {
            Finish(pidfd, watched, Unknown);
        }
        else
        {
            // Being reaped just now, or not ours to look at. Hanging up is told without being asked for; asking for nothing stops
            // the rest.
            watched.GoneAt ??= Stopwatch.GetTimestamp();
            _ = Change(3, pidfd, 0);
        }
    }

    private void Finish(int pidfd, Watched watched, ProcessExit exit)
    {
        // Closing alone is not enough (epoll(7)): a process that is being spawned has a copy of every descriptor until its exec,
        // so the registration would live on and report this end under a number that is another process's by then.
        _ = Change(2, pidfd, 0);
        _watched.TryRemove(pidfd, out _);
        _ = Libc.Close(pidfd);
        watched.Ended(exit);
    }

    private int Change(int operation, int pidfd, uint events)
    {
        var change = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(change, 4), events);
        BinaryPrimitives.WriteInt64LittleEndian(new Span<byte>(change + EventData, 8), pidfd);
        return Libc.EpollControl(_epoll, operation, pidfd, change);
    }

    /// <summary>Null when it is no child of ours any more: somebody else reaped it.</summary>
    private static ProcessExit? Reap(int pid)
    {
        const int noHang = 1;
        var usage = stackalloc byte[UsageSize];
        if (Libc.Wait(pid, out var status, noHang, usage) != pid)
        {
            return null;
        }

        // struct rusage (getrusage(2)): user time, system time (each seconds and microseconds), peak resident set in KiB.
        var numbers = (long*)usage;
        var user = TimeSpan.FromSeconds(numbers[0]) + TimeSpan.FromMicroseconds(numbers[1]);
        var system = TimeSpan.FromSeconds(numbers[2]) + TimeSpan.FromMicroseconds(numbers[3]);
        return Decode(status) with
        {
            PeakMemory = OwnPeak() is var own && numbers[4] * 1024 > own ? numbers[4] * 1024 : null,
            CpuTime = user + system,
            UserTime = user,
        };
    }

    /// <summary>
    /// Until it becomes another program a spawned child shares the agent's memory, and the kernel counts that as the child's peak
    /// (exec_mmap in fs/exec.c): a peak is the child's own only above the agent's. Below it nobody knows.
    /// </summary>
    private static long OwnPeak()
    {
        const int self = 0;
        var usage = stackalloc byte[UsageSize];
        return Libc.Usage(self, usage) == 0 ? ((long*)usage)[4] * 1024 : long.MaxValue;
    }

    /// <summary>The wait status of a reaped process that need not be our child; null when the kernel does not tell.</summary>
    public static int? Ask(int pidfd)
    {
        // struct pidfd_info of include/uapi/linux/pidfd.h, first version: 64 bytes, mask at 0, exit code at 60.
        const nuint getInfo = 0xC040FF0B;
        const ulong exitKnown = 1 << 3;
        var info = stackalloc byte[64];
        new Span<byte>(info, 64).Clear();
        *(ulong*)info = exitKnown;
        return Libc.Control(pidfd, getInfo, info) == 0 && (*(ulong*)info & exitKnown) != 0 ? *(int*)(info + 60) : null;
    }

    /// <summary>wait(2): the low seven bits are the signal, the eighth says core dumped, the next eight are the code.</summary>
    public static ProcessExit Decode(int status) => (status & 0x7f) is var signal and not 0
        ? new ProcessExit(null, signal, (status & 0x80) != 0, null, null)
        : new ProcessExit((status >> 8) & 0xff, null, false, null, null);

    private sealed class Watched(ProcessIdentity process, bool child, Action<ProcessExit> ended)
    {
        public ProcessIdentity Process { get; } = process;

        public int Pid => Process.Pid;

        public bool Child { get; } = child;

        /// <summary>When it was seen dead without anybody having its code.</summary>
        public long? GoneAt { get; set; }

        public Action<ProcessExit> Ended { get; } = ended;
    }
}
