using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How a restarted agent takes back what its journal knows (DESIGN.md promise 5).</summary>
internal static class InstanceAdoption
{
    /// <summary>What to do with a journal record when the agent starts.</summary>
    public static InstanceTurn Begin(InstanceState s, Moment m) => s.Phase switch
    {
        // A new incarnation each time: after a power loss the journal may have forgotten that this one went on to be started.
        InstancePhase.Waiting => new InstanceTurn(ClockGuard.Clamp(s, m.Now) with { Incarnation = m.Next }),
        InstancePhase.Preparing or InstancePhase.Stopped => new InstanceTurn(s.Again(m, Phrases.AgentStarted)),
        InstancePhase.Stopping when s.HasExited || s.KilledAt is not null || s.Launch is null => InstanceEnd.Kill(s, m),
        InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping =>
            new InstanceTurn(Outdating.Keep(InstanceReload.Keep(ClockGuard.Clamp(s, m.Now))) with { Deadline = null })
                .Do(new AgentEffect.Find(s.Assigned, s.Incarnation, s.Process, s.Launch!)),

        // Written by a newer build: what this one cannot read it cannot adopt either.
        InstancePhase.Unknown => InstanceEnd.Kill(
            s.Enter(InstancePhase.Stopping, m) with { Stop = new StopOrder("stopped by an older agent", Asked: true) }, m),
    };

    public static InstanceTurn Found(InstanceState s, AgentInput.Found found, Moment m) => (s.Phase, found.Process) switch
    {
        (InstancePhase.Starting, { } alive) => Adopt(s, alive, m).Then(a => InstanceMachine.HasProbe(a)
            ? new InstanceTurn(Await(a, m)).Do(InstanceMachine.AskProbe(a, eager: true))
            : InstanceMachine.Ready(a, m)),
        (InstancePhase.Running, { } alive) => Adopt(s, alive, m).Then(a => a.Unchanged
            .DoIf(InstanceMachine.HasProbe(a), () => InstanceMachine.AskProbe(a, eager: !a.Healthy))
            .DoIf(InstanceMachine.HasWatchdog(a), () => InstanceMachine.Watch(a))),
        (InstancePhase.Stopping, { } alive) when s.KilledAt is null =>
            InstanceStop.Resume(s with { Process = alive, StartedAt = s.StartedAt ?? m.Now }, m),
        (InstancePhase.Stopping, _) when s.KilledAt is not null => s.Unchanged,

        // Whether it was ever started nobody knows: a crash it was not.
        (_, null) when s.Process is null => InstanceEnd.Kill(
            (s.Phase < InstancePhase.Stopping ? s.Enter(InstancePhase.Stopping, m) : s) with
            {
                Stop = s.Stop ?? new StopOrder("its start was cut off by the end of the agent", Asked: true),
            }, m),
        (InstancePhase.Stopping, null) => InstanceEnd.Stopped(s, found.Exit ?? ProcessExit.NobodyWatched, m),

        // No fault of its own: it is started again at once, and nothing is counted against it.
        (_, null) when found.Rebooted => InstanceEnd.Crashed(
            s with { Stop = new StopOrder("it ended with its host, which was started anew", Asked: true) },
            ProcessExit.NobodyWatched, m),
        (_, null) => InstanceEnd.Crashed(s, found.Exit ?? ProcessExit.NobodyWatched, m),
        _ => s.Unchanged,
    };

    /// <summary>
    /// The time of its start is over, and whether it was ready before its agent ended nobody knows. Ending it for that would make
    /// our own fault its end. READY=1 is said once, so one that is to say it counts as having said it; another probe goes on
    /// asking.
    /// </summary>
    public static InstanceTurn NotKnown(InstanceState s, Moment m)
    {
        var limit = Phrases.Of(s.Assigned.Spec.Probe!.StartTimeout);
        if (SaysItOnce(s))
        {
            return s.Unchanged
                .Tell(EventKind.InstanceChanged,
                    $"taken for ready: it has run for its start_timeout ({limit}), and READY=1 may have been said while its "
                        + "agent was away")
                .Then(next => InstanceMachine.Ready(next, m));
        }

        var running = s.Enter(InstancePhase.Running, m) with
        {
            Failures = s.Assigned.Spec.Probe.FailAfter,
            Hold = InstanceEnd.HoldOf(s, m, HoldReason.ProbeFailing,
                $"its probe has not passed within {limit} of its adoption: {s.ProbeText ?? "no reason was given"}",
                $"if it hangs: zurg restart {s.Instance}; it is not ended by itself, since it may have been ready before"),
        };
        return new InstanceTurn(running)
            .DoIf(InstanceMachine.HasWatchdog(running), () => InstanceMachine.Watch(running));
    }

    /// <summary>
    /// What it says once it may have said to nobody: its own age counts. A probe is asked again, for its whole time.
    /// </summary>
    private static InstanceState Await(InstanceState s, Moment m)
    {
        var limit = s.Assigned.Spec.Probe!.StartTimeout;
        return SaysItOnce(s)
            ? s with { Outlived = true, Deadline = (s.StartedAt < m.Now ? s.StartedAt : m.Now) + limit }
            : s with { Deadline = m.Now + limit };
    }

    private static bool SaysItOnce(InstanceState s) => s.Assigned.Spec.Probe is { Kind: ProbeKind.Notify };

    private static InstanceTurn Adopt(InstanceState s, ProcessIdentity process, Moment m) =>
        new InstanceTurn(InstanceReload.TakeUp(s, m) with
        {
            Process = process,
            StartedAt = s.StartedAt ?? m.Now,
            FailedStarts = 0,
        })
            .Tell(
                EventKind.InstanceAdopted,
                $"adopted: pid {process.Pid} of {s.Assigned.Spec.Release} ran on while its agent was away");
}
