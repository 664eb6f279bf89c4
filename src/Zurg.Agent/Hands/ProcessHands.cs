using Zurg.Agent.Cores;
using Zurg.Agent.Logs;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>Starts, finds, watches and kills the processes of incarnations, and tells what became of them in its order.</summary>
internal sealed class ProcessHands(
    AgentSite site, Func<AgentInput, CancellationToken, ValueTask> tell, ICoreKeeper cores, TimeProvider time)
{
    /// <summary>Returns once Started or StartFailed is told; the exit is told later.</summary>
    public async Task StartAsync(AgentEffect.Start start, IncarnationWork work, TaskSet tasks, CancellationToken stop)
    {
        await tell(Start(start, work, tasks), stop);
        SayStarted(work, tasks);
    }

    /// <summary>Starts it within the call.</summary>
    /// <returns>Started or StartFailed. An exit is told once <see cref="SayStarted"/> was called.</returns>
    public AgentInput Start(AgentEffect.Start start, IncarnationWork work, TaskSet tasks)
    {
        work.Runs = (start.Assigned, start.Launch);
        switch (Spawn(start, work))
        {
            case SpawnOutcome.Started started:
                (work.Process, work.StartedBy) = (started.Process, started.Thread);
                Watch(work, started.Process, tasks);
                return new AgentInput.Started(work.Instance, work.Incarnation, started.Process);
            case SpawnOutcome.Held held:
                if (work.Cgroup is { } group)
                {
                    CgroupSite.TryRemove(group);
                }

                return new AgentInput.StartFailed(work.Instance, work.Incarnation, held.Hold);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The brain knows of the process, or is about to before it hears anything else: its end may be told.</summary>
    public void SayStarted(IncarnationWork work, TaskSet tasks)
    {
        if (work.SayStarted() is { } exit)
        {
            TellExit(work, exit, tasks);
        }
    }

    /// <summary>Returns once Found is told.</summary>
    /// <returns>The living process; null when it is gone.</returns>
    public async Task<ProcessIdentity?> FindAsync(
        AgentEffect.Find find, IncarnationWork work, TaskSet tasks, CancellationToken stop)
    {
        var process = find.Process is { } known ? (ProcessStat.IsAlive(known) ? known : null) : Search(work.Token);
        (work.Process, work.Runs) = (process, (find.Assigned, find.Launch));
        work.Cgroup = site.Cgroups.Existing(work.Instance, work.Incarnation);
        if (process is not null)
        {
            Watch(work, process, tasks);
        }

        var ended = process is null ? EndOf(find.Process) : null;
        KeepCore(work, find.Process, ended);
        await tell(
            process is not null
                ? new AgentInput.Found(work.Instance, work.Incarnation, process)
                : new AgentInput.Found(work.Instance, work.Incarnation, null, ended, IsOfEarlierBoot(find.Process)),
            stop);
        SayStarted(work, tasks);
        return process;
    }

    /// <summary>Known without a search or a wait: the main process has ended, and nothing that came of it lives.</summary>
    public static bool IsGone(IncarnationWork work) =>
        work is { HasEnded: true, Process: { } ended, StartedBy: { } thread } && Lineage.IsOver(ended, thread)
            && (work.Cgroup is not { } group || CgroupSite.TryRemove(group));

    /// <summary>Returns once nothing is left and TreeGone is told, after the exit of the main process.</summary>
    public async Task KillAsync(ProcessIdentity? process, IncarnationWork work, CancellationToken stop)
    {
        if (work.Begun is { } begun)
        {
            // What is just being started is there only a moment later.
            await begun;
        }

        if (!IsGone(work))
        {
            if (work.Cgroup is { } group)
            {
                CgroupSite.Kill(group);
            }

            await ProcessTree.KillAsync(process ?? work.Process, work.Token, work.IsWatched, time, stop);
        }

        if (work.IsWatched)
        {
            await work.ExitTold.WaitAsync(stop);
        }

        if (work.Cgroup is { } left)
        {
            CgroupSite.TryRemove(left);
        }

        await tell(new AgentInput.TreeGone(work.Instance, work.Incarnation), stop);
    }

    /// <summary>A process that its parent has not reaped yet tells how it ended; of others nobody knows any more.</summary>
    private static ProcessExit? EndOf(ProcessIdentity? process) =>
        process is not null && ProcessStat.EndOf(process) is { } status
            ? ExitWatcher.Decode(status) with { Unwatched = true }
            : null;

    private static bool IsOfEarlierBoot(ProcessIdentity? process) => process is not null && process.BootId != ProcessStat.BootId;

    private SpawnOutcome Spawn(AgentEffect.Start start, IncarnationWork work)
    {
        var spec = start.Assigned.Spec;
        var ability = HostLimits.AbilityWith(site.Cgroups);
        if (ability.HoldOf(spec) is { } hold)
        {
            return new SpawnOutcome.Held(hold);
        }

        int output;
        try
        {
            work.Cgroup = site.Cgroups.Make(work.Instance, work.Incarnation, spec.Limits);
            output = LogFile.Open(site.Paths.Log(start.Assigned.Instance));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SpawnOutcome.Held(
                new Hold(HoldReason.SpawnFailed, e.Message, "look at the agent's directory and its disk"));
        }

        try
        {
            return Spawner.Spawn(new SpawnRequest
            {
                Executable = start.Launch.Executable,
                Args = start.Launch.Args,
                Env = start.Launch.Env,
                WorkingDirectory = start.Launch.WorkingDirectory,
                Output = output,
                User = spec.User,
                Group = spec.Group,
                Groups = spec.Groups,
                Umask = spec.Umask,
                Nice = spec.Nice,
                OomScoreAdj = spec.OomScoreAdj,
                Cgroup = work.Cgroup,
                Limits = ability.LimitsOf(spec.Limits),
            });
        }
        finally
        {
            LogFile.Close(output);
        }
    }

    private void Watch(IncarnationWork work, ProcessIdentity process, TaskSet tasks)
    {
        work.IsWatched = true;
        ExitWatcher.Shared.Watch(process, exit =>
        {
            if (work.End(exit))
            {
                TellExit(work, exit, tasks);
            }
        });
    }

    private void KeepCore(IncarnationWork work, ProcessIdentity? process, ProcessExit? exit)
    {
        if (exit is { CoreDumped: true, Signal: { } signal } && process is not null && work.Runs is var (assigned, launch))
        {
            cores.Keep(new DumpedProcess(assigned, work.Incarnation, launch, process.Pid, signal, time.GetUtcNow()));
        }
    }

    /// <summary>Straight into the loop; only when that is full does a task wait for a place.</summary>
    private void TellExit(IncarnationWork work, ProcessExit exit, TaskSet tasks)
    {
        var ran = work.Process is { } process ? ProcessClock.AgeOf(process) : null;
        KeepCore(work, work.Process, exit);
        var whole = WithMemory(ProcessUsage.Complete(exit, work.Usage, ran), work.Cgroup);
        var told = tell(new AgentInput.Exited(work.Instance, work.Incarnation, whole), tasks.Stop);
        if (told.IsCompletedSuccessfully)
        {
            work.SayExitTold();
            return;
        }

        tasks.Begin(async _ =>
        {
            await told;
            work.SayExitTold();
        });
    }

    private ProcessExit WithMemory(ProcessExit exit, string? cgroup)
    {
        var killed = exit.Signal == UnixSignal.Kill;
        return exit with
        {
            PeakMemory = (cgroup is null ? null : CgroupSite.Peak(cgroup)) ?? exit.PeakMemory,
            OutOfMemory = !killed ? null
                : cgroup is not null && CgroupSite.WasOutOfMemory(cgroup) ? OomSign.Certain
                : site.Ooms.HasRisen ? OomSign.Likely
                : null,
        };
    }

    /// <summary>The first that leads a session: an agent died between starting it and learning its pid.</summary>
    private static ProcessIdentity? Search(string token)
    {
        var living = ProcessTree.Living(null, token, false);
        return living.Where(p => p.Session == p.Pid).OrderBy(p => p.StartTicks).ThenBy(p => p.Pid)
            .Select(p => p.Identity).FirstOrDefault();
    }
}
