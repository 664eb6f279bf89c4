using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>
/// The agent's process adopts the orphans of what it started (PR_SET_CHILD_SUBREAPER), so that they stay in sight; someone must
/// then ask for their exit codes, or they stay zombies. Waiting for just any child would steal the exits of
/// System.Diagnostics.Process and of <see cref="ExitWatcher"/>, which both reap theirs at once: so only a child that was a zombie
/// at two looks in a row is nobody's, and is reaped here.
/// </summary>
internal sealed class OrphanReaper(TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private HashSet<ProcessIdentity> _seen = [];

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            Sweep();
        }
    }

    /// <summary>How many were reaped.</summary>
    public unsafe int Sweep()
    {
        var zombies = ProcessStat.ReadAll()
            .Where(p => p.State == 'Z' && p.Parent == Environment.ProcessId)
            .Select(p => p.Identity)
            .ToHashSet();
        var reaped = 0;
        foreach (var zombie in zombies.Where(_seen.Contains).ToList())
        {
            const int noHang = 1;
            if (Lineage.Reaping(() => Libc.Wait(zombie.Pid, out _, noHang, null)) == zombie.Pid)
            {
                reaped++;
            }

            zombies.Remove(zombie);
        }

        _seen = zombies;
        return reaped;
    }
}
