using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>Why a signal was not sent, or that it was.</summary>
internal enum SignalOutcome
{
    Sent,

    /// <summary>The process has ended; its pid may belong to another one, which was left alone.</summary>
    Gone,

    /// <summary>The kernel refused.</summary>
    Refused,
}

/// <summary>
/// Everything that came of one started process: its descendants, all of its session, and whatever carries the token of its
/// incarnation in its environment (a daemon that forked twice and began a session of its own). A process that did all of that
/// and wiped its environment too escapes: only cgroups see such a one.
/// </summary>
internal static class ProcessTree
{
    public const string TokenVariable = "ZURG_INCARNATION";

    /// <summary>
    /// Nothing was found so often in a row before nothing is left: between a process's exec and its new environment being in
    /// place (microseconds; posix_spawn returns within them) /proc shows none, and so no token.
    /// </summary>
    private const int LooksMin = 2;

    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(500);

    /// <summary>What of it lives. Never the agent itself, what the agent is a child of, or process 1.</summary>
    /// <param name="process">The main process; it may be dead, or was never known.</param>
    /// <param name="token">Of the incarnation, unique on this host.</param>
    /// <param name="watched">This agent saw the main process end or still watches it: its session is its own for sure.</param>
    public static List<ProcessStat> Living(ProcessIdentity? process, string token, bool watched)
    {
        var all = ProcessStat.ReadAll();
        var assignment = $"{TokenVariable}={token}";
        var leader = all.FirstOrDefault(p => p.Pid == process?.Pid);
        var sessionKnown = process is not null
            && (leader.Pid == 0 ? watched && process.BootId == ProcessStat.BootId : leader.Is(process));
        var spared = Spared(all);

        // A session outlives its leader and keeps its number taken. But once all of it is gone the number can come back: with the
        // leader gone for longer than this agent knows, a process counts only with the token.
        var members = all
            .Where(p => !spared.Contains(p.Pid) && !p.IsDead)
            .Where(p => (sessionKnown && (p.Pid == process!.Pid || p.Session == process.Pid))
                || ProcessStat.HasVariable(p.Pid, assignment))
            .ToDictionary(p => p.Pid);
        var children = all.ToLookup(p => p.Parent);
        var open = new Queue<int>(members.Keys);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent])
            {
                if (!child.IsDead && !spared.Contains(child.Pid) && members.TryAdd(child.Pid, child))
                {
                    open.Enqueue(child.Pid);
                }
            }
        }

        return [.. members.Values];
    }

    /// <summary>
    /// To the main process, and to its group when the signal is one that ends processes; nothing when its pid is another's by
    /// now. Each process gets it once: many programs take a second TERM for "now".
    /// </summary>
    public static SignalOutcome Signal(ProcessIdentity process, string name)
    {
        if (UnixSignal.NumberOf(name) is not { } number)
        {
            return SignalOutcome.Refused;
        }

        var pidfd = Libc.PidfdOpen(process.Pid);
        if (pidfd < 0)
        {
            return SignalOutcome.Gone;
        }

        try
        {
            if (ProcessStat.Read(process.Pid) is not { } stat || !stat.Is(process))
            {
                return SignalOutcome.Gone;
            }

            // The group's number cannot be another's while its leader has not been reaped, and the leader was there just now.
            var alone = UnixSignal.IsRequest(name) || stat.Group != process.Pid;
            var sent = alone ? Libc.PidfdSignal(pidfd, number) : Libc.Kill(-process.Pid, number);
            return sent == 0 ? SignalOutcome.Sent
                : Libc.LastError == Libc.Errno.NoSuchProcess ? SignalOutcome.Gone
                : SignalOutcome.Refused;
        }
        finally
        {
            _ = Libc.Close(pidfd);
        }
    }

    /// <summary>
    /// SIGKILL again and again until nothing is left: a process that forks faster than it is found loses, since its children are
    /// killed with its group, and each round begins anew. Ends only when all is gone or <paramref name="stop"/> says so: a
    /// process in uninterruptible sleep can take for ever.
    /// </summary>
    public static async Task KillAsync(
        ProcessIdentity? process, string token, bool watched, TimeProvider time, CancellationToken stop)
    {
        var pause = TimeSpan.FromMilliseconds(1);
        for (var empty = 0; empty < LooksMin;)
        {
            var living = Living(process, token, watched);
            empty = living.Count == 0 ? empty + 1 : 0;
            foreach (var group in living.Select(p => p.Group).Where(g => g > 1).Distinct())
            {
                // Only a group that one of ours leads: another's shell may have put ours into its own.
                if (living.Exists(p => p.Pid == group))
                {
                    _ = Libc.Kill(-group, UnixSignal.Kill);
                }
            }

            foreach (var member in living)
            {
                Kill(member.Identity);
            }

            await Task.Delay(pause, time, stop);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    private static void Kill(ProcessIdentity process)
    {
        var pidfd = Libc.PidfdOpen(process.Pid);
        if (pidfd < 0)
        {
            return;
        }

        if (ProcessStat.Read(process.Pid) is { } stat && stat.Is(process))
        {
            _ = Libc.PidfdSignal(pidfd, UnixSignal.Kill);
        }

        _ = Libc.Close(pidfd);
    }

    /// <summary>The agent and its ancestors: whatever a journal says, an agent does not kill what carries it.</summary>
    private static HashSet<int> Spared(List<ProcessStat> all)
    {
        var parents = all.ToDictionary(p => p.Pid, p => p.Parent);
        HashSet<int> spared = [1];
        for (var pid = Environment.ProcessId; pid > 1 && spared.Add(pid);)
        {
            pid = parents.GetValueOrDefault(pid);
        }

        return spared;
    }
}
