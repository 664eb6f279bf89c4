using System.Buffers.Text;
using System.Globalization;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>
/// Tells without a search of /proc that nothing is left of a process that has ended. The agent is a subreaper
/// (PR_SET_CHILD_SUBREAPER), so whatever descends from a child of its own is below another child of its own once that one has
/// ended: orphans are given to its first thread, siblings (CLONE_PARENT) to the thread that started the process. The kernel says
/// who those are in /proc/PID/task/TID/children (proc_pid_tid_children(5)), and says it exactly while nobody is reaped meanwhile.
/// </summary>
internal static class Lineage
{
    private const int ListMax = 64 * 1024;
    private const int LooksMax = 20;

    private static readonly bool Adopts = Libc.BecomeSubreaper() == 0;

    [ThreadStatic]
    private static byte[]? _list;

    private static int _reapsBegun;
    private static int _reapsEnded;

    /// <summary>To be around every reaping of a child: a list that is read meanwhile may lack one.</summary>
    public static T Reaping<T>(Func<T> reap)
    {
        Interlocked.Increment(ref _reapsBegun);
        try
        {
            return reap();
        }
        finally
        {
            Interlocked.Increment(ref _reapsEnded);
        }
    }

    /// <summary>Before the first process is started: its orphans are to come to this process.</summary>
    public static bool Begin() => Adopts;

    /// <summary>True when nothing that came of it lives. False says nothing: then it has to be searched for.</summary>
    /// <param name="ended">A child of this process that was started by it and has been reaped.</param>
    /// <param name="thread">The thread that started it.</param>
    public static bool IsOver(ProcessIdentity ended, int thread)
    {
        if (!Adopts || ended.BootId != ProcessStat.BootId)
        {
            return false;
        }

        for (var look = 0; look < LooksMax; look++)
        {
            var begun = Volatile.Read(ref _reapsBegun);
            if (begun == Volatile.Read(ref _reapsEnded))
            {
                // The thread first: when it ends, its children move to the first one.
                var over = MayBeOver(ended, thread) && MayBeOver(ended, Environment.ProcessId);
                if (begun == Volatile.Read(ref _reapsBegun))
                {
                    return over;
                }
            }

            Thread.SpinWait(100);
        }

        return false;
    }

    /// <summary>The children of one thread of this process; none when it has ended, or the kernel keeps no such list.</summary>
    public static List<int> ChildrenOf(int thread)
    {
        var list = List;
        var length = ReadList(thread, list);
        return length <= 0 ? [] : Pids(list.AsSpan(0, length));
    }

    private static bool MayBeOver(ProcessIdentity ended, int thread)
    {
        var list = List;
        var length = ReadList(thread, list);
        if (length < 0 || length == ListMax)
        {
            // The thread has ended, or the kernel keeps no such list: then the first thread has none either.
            return length < 0 && thread != Environment.ProcessId;
        }

        var known = ExitWatcher.Shared.Children();
        return !Pids(list.AsSpan(0, length)).Exists(pid => pid == ended.Pid || (!known.Contains(pid) && MayDescend(pid, ended)));
    }

    private static byte[] List => _list ??= new byte[ListMax];

    private static int ReadList(int thread, byte[] list) => ProcessStat.ReadFile(
        string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/task/{thread}/children"), list);

    private static List<int> Pids(ReadOnlySpan<byte> list)
    {
        var pids = new List<int>();
        foreach (var range in list.Split((byte)' '))
        {
            if (Utf8Parser.TryParse(list[range], out int pid, out _))
            {
                pids.Add(pid);
            }
        }

        return pids;
    }

    /// <summary>A child that nobody watches is an orphan. The dead have no children; the older are no descendants.</summary>
    private static bool MayDescend(int pid, ProcessIdentity ended) =>
        ProcessStat.Read(pid) is { IsDead: false } stat && stat.StartTicks >= ended.StartTicks;
}
