using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>Starts, finds, watches and kills the processes of incarnations, and tells what became of them in the order it happened.</summary>
internal sealed class ProcessHands(AgentSite site, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider time)
{
    /// <summary>Returns once Started or StartFailed is told; the exit is told later.</summary>
    public async Task StartAsync(AgentEffect.Start start, IncarnationWork work, TaskSet tasks, CancellationToken stop)
    {
        switch (Spawn(start))
        {
            case SpawnOutcome.Started started:
                (work.Process, work.StartedBy) = (started.Process, Libc.ThreadId());
                var exit = ExitWatcher.Shared.WatchAsync(started.Process);
                await tell(new AgentInput.Started(work.Instance, work.Incarnation, started.Process), stop);
                Follow(work, exit, tasks);
                break;
            case SpawnOutcome.Held held:
                await tell(new AgentInput.StartFailed(work.Instance, work.Incarnation, held.Hold), stop);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Returns once Found is told.</summary>
    /// <returns>The living process; null when it is gone.</returns>
    public async Task<ProcessIdentity?> FindAsync(AgentEffect.Find find, IncarnationWork work, TaskSet tasks, CancellationToken stop)
    {
        var process = find.Process is { } known ? (ProcessStat.IsAlive(known) ? known : null) : Search(work.Token);
        work.Process = process;
        var exit = process is null ? null : ExitWatcher.Shared.WatchAsync(process);
        await tell(
            process is not null
                ? new AgentInput.Found(work.Instance, work.Incarnation, process)
                : new AgentInput.Found(work.Instance, work.Incarnation, null, EndOf(find.Process), IsOfEarlierBoot(find.Process)),
            stop);
        if (exit is not null)
        {
            Follow(work, exit, tasks);
        }

        return process;
    }

    /// <summary>Returns once nothing is left and TreeGone is told, after the exit of the main process.</summary>
    public async Task KillAsync(ProcessIdentity? process, IncarnationWork work, CancellationToken stop)
    {
        if (work.Begun is { } begun)
        {
            // What is just being started is there only a moment later.
            await begun;
        }

        if (!(work is { HasEnded: true, Process: { } ended, StartedBy: { } thread } && Lineage.IsOver(ended, thread)))
        {
            await ProcessTree.KillAsync(process ?? work.Process, work.Token, work.ExitTold is not null, time, stop);
        }

        if (work.ExitTold is { } told)
        {
            await told;
        }

        await tell(new AgentInput.TreeGone(work.Instance, work.Incarnation), stop);
    }

    /// <summary>A process that its parent has not reaped yet tells how it ended; of others nobody knows any more.</summary>
    private static ProcessExit? EndOf(ProcessIdentity? process) =>
        process is not null && ProcessStat.EndOf(process) is { } status
            ? ExitWatcher.Decode(status) with { Unwatched = true }
            : null;

    private static bool IsOfEarlierBoot(ProcessIdentity? process) => process is not null && process.BootId != ProcessStat.BootId;

    private SpawnOutcome Spawn(AgentEffect.Start start)
    {
        int output;
        try
        {
            output = LogFile.Open(site.Paths.Log(start.Assigned.Instance));
        }
        catch (IOException e)
        {
            return new SpawnOutcome.Held(new Hold(HoldReason.SpawnFailed, e.Message, "look at the agent's directory and its disk"));
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
                User = start.Assigned.Spec.User,
                Limits = start.Assigned.Spec.Limits,
            });
        }
        finally
        {
            LogFile.Close(output);
        }
    }

    private void Follow(IncarnationWork work, Task<ProcessExit> exit, TaskSet tasks) => work.ExitTold = tasks.Run(async stop =>
    {
        var ended = await exit.WaitAsync(stop);
        work.HasEnded = true;
        var ran = work.Process is { } process ? ProcessClock.AgeOf(process) : null;
        await tell(new AgentInput.Exited(work.Instance, work.Incarnation, ProcessUsage.Complete(ended, work.Usage, ran)), stop);
    });

    /// <summary>The first of the incarnation that leads a session: an agent died between starting it and learning its pid.</summary>
    private static ProcessIdentity? Search(string token)
    {
        var living = ProcessTree.Living(null, token, false);
        return living.Where(p => p.Session == p.Pid).OrderBy(p => p.StartTicks).ThenBy(p => p.Pid).Select(p => p.Identity).FirstOrDefault();
    }
}
