using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>
/// Starts a process with limits, priorities and a umask of its own and no program in between. posix_spawn(3) blocks its thread,
/// so one thread of a few makes the child, which waits at a <see cref="SpawnGate"/>; the caller sets everything from outside and
/// lets it through. That thread has a umask of its own, which the child inherits.
/// </summary>
internal static class DressedSpawn
{
    /// <summary>So many threads wait for the next one; more of them live only while more is started at once.</summary>
    private const int IdleMax = 2;

    /// <summary>Until the child of a living thread is born; the machine would have to stand still.</summary>
    private static readonly TimeSpan BirthMax = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentBag<SpawnThread> Idle = [];

    public static SpawnOutcome Run(SpawnRequest request, ImmutableArray<string> argv)
    {
        using var gate = SpawnGate.TryShut();
        if (gate is null)
        {
            return Held($"limits and priorities cannot be set: the kernel refused a lease ({Libc.Text(Libc.LastError)})");
        }

        var thread = Idle.TryTake(out var idle) ? idle : new SpawnThread();
        var before = thread.Children();
        thread.Begin(request, argv, gate);
        string? problem = null;
        try
        {
            if (BirthOf(thread, before) is { } child)
            {
                problem = Dress(child, request);
                if (problem is null)
                {
                    gate.Open();
                }
            }
        }
        finally
        {
            gate.Refuse();
            thread.Wait();
        }

        var outcome = problem is null ? Spawner.Outcome(request, thread.Error, thread.Pid, thread.Id) : Held(problem);
        if (Idle.Count < IdleMax)
        {
            Idle.Add(thread);
        }
        else
        {
            thread.Dispose();
        }

        return outcome;
    }

    /// <summary>The one child more that the thread has than before; null when it could make none.</summary>
    private static int? BirthOf(SpawnThread thread, HashSet<int> before)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < BirthMax)
        {
            var over = thread.IsOver;
            foreach (var child in thread.Children())
            {
                if (!before.Contains(child))
                {
                    return child;
                }
            }

            if (over)
            {
                return null;
            }

            Thread.Yield();
        }

        throw new TimeoutException($"no child was born within {BirthMax}");
    }

    /// <summary>Null when everything is set.</summary>
    private static string? Dress(int pid, SpawnRequest request)
    {
        foreach (var (limit, value) in request.Limits)
        {
            if (HostLimits.Set(pid, limit, value) is var error and not 0)
            {
                return $"limits.{WireEnum.NameOf(limit)} cannot be set: {Libc.Text(error)}";
            }
        }

        if (request.Nice is { } nice && Libc.SetNice(pid, nice) != 0)
        {
            return $"nice: {nice} cannot be set: {Libc.Text(Libc.LastError)}";
        }

        if (request.Cgroup is { } group && CgroupSite.TryEnter(group, pid) is { } problem)
        {
            return problem;
        }

        return request.OomScoreAdj is { } score ? Write(pid, "oom_score_adj", score) : null;
    }

    private static unsafe string? Write(int pid, string file, int value)
    {
        const int writeOnlyCloseOnExec = 0x80001;
        var fd = Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{file}"), writeOnlyCloseOnExec, 0);
        var text = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
        nint written;
        fixed (byte* start = text)
        {
            written = fd < 0 ? -1 : Libc.Write(fd, start, (nuint)text.Length);
        }

        var error = Libc.LastError;
        _ = Libc.Close(fd);
        return written == text.Length ? null : $"{file}: {value} cannot be set: {Libc.Text(error)}";
    }

    private static SpawnOutcome.Held Held(string text) =>
        new(new Hold(HoldReason.LimitNotAllowed, text, "leave it out, or run the agent as root"));

    /// <summary>A thread with a umask of its own that makes one child at a time.</summary>
    private sealed class SpawnThread : IDisposable
    {
        private readonly SemaphoreSlim _work = new(0);
        private readonly SemaphoreSlim _done = new(0);
        private readonly uint _umask;
        private readonly Thread _thread;
        private (SpawnRequest Request, ImmutableArray<string> Argv, SpawnGate Gate)? _job;
        private volatile bool _over;

        public SpawnThread()
        {
            _umask = OwnUmask();
            _thread = new Thread(Live) { IsBackground = true, Name = "spawns" };
            _thread.Start();
            _done.Wait();
        }

        public int Id { get; private set; }

        public int Error { get; private set; }

        public int Pid { get; private set; }

        public bool IsOver => _over;

        public void Begin(SpawnRequest request, ImmutableArray<string> argv, SpawnGate gate)
        {
            _job = (request, argv, gate);
            _over = false;
            _work.Release();
        }

        public void Wait() => _done.Wait();

        /// <summary>It ends; none of its children does.</summary>
        public void Dispose()
        {
            _job = null;
            _work.Release();
            _thread.Join();
            _work.Dispose();
            _done.Dispose();
        }

        public HashSet<int> Children() => [.. Lineage.ChildrenOf(Id)];

        private void Live()
        {
            Id = Libc.ThreadId();
            var own = Libc.UnshareFileSystemState() == 0;
            for (_done.Release(); ; _done.Release())
            {
                _work.Wait();
                if (_job is not { } job)
                {
                    return;
                }

                if (!own && job.Request.Umask is not null)
                {
                    // The umask of the whole agent must not change, not even for a moment.
                    (Error, Pid) = (Libc.Errno.NotPermitted, 0);
                }
                else
                {
                    if (own)
                    {
                        _ = Libc.Umask((uint?)job.Request.Umask ?? _umask);
                    }

                    Error = Spawner.Spawn(job.Request, job.Argv, job.Gate, out var pid);
                    Pid = pid;
                }

                _over = true;
            }
        }

        /// <summary>proc_pid_status(5), Umask: asking umask(2) would set it.</summary>
        private static uint OwnUmask()
        {
            const string field = "Umask:";
            var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
            return line is null ? 0x12 : Convert.ToUInt32(line[field.Length..].Trim(), 8);
        }
    }
}
