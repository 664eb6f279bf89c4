using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One instance's way through its incarnations: what the hands say and what time does (STYLE.md rule 5).</summary>
internal static class InstanceMachine
{
    public static InstanceTurn Step(InstanceState s, AgentInput.OfInstance input, Moment m) =>
        (input.Incarnation == s.Incarnation ? Heard(s, input, m) : s.Unchanged).Then(next => Settle(next, m));

    /// <summary>Does what is due now; harmless at any time.</summary>
    public static InstanceTurn Settle(InstanceState s, Moment m) =>
        SettlePhase(s, m).Then(next => InstanceReload.Settle(next, m)).Then(next => InstanceNext.Settle(next, m));

    private static InstanceTurn SettlePhase(InstanceState s, Moment m) => s.Phase switch
    {
        InstancePhase.Waiting when IsWanted(s, m) && !(s.NotBefore > m.Now) => Prepare(s, m),
        InstancePhase.Starting or InstancePhase.Running when Outdating.IsToEnd(s) =>
            InstanceEnd.Stop(s, "restarted for a changed template", m).Then(next => SettlePhase(next, m)),
        InstancePhase.Starting or InstancePhase.Running when s.TemplateRestartAt <= m.Now =>
            SettlePhase(s with { TemplateRestartAt = null }, m),
        InstancePhase.Starting when s.Deadline <= m.Now =>
            !HasProbe(s) ? Ready(s, m) : s.Outlived ? InstanceAdoption.NotKnown(s, m) : InstanceEnd.NeverReady(s, m),
        InstancePhase.Stopping when s.Deadline <= m.Now && InstanceStop.IsWaiting(s) => InstanceStop.Cut(s, m),
        InstancePhase.Stopping when s.Deadline <= m.Now && s.KilledAt is null => InstanceEnd.Kill(s, m),
        InstancePhase.Stopping when s.Deadline <= m.Now => InstanceEnd.DoesNotDie(s, m),
        InstancePhase.Unknown or InstancePhase.Waiting or InstancePhase.Preparing
            or InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping or InstancePhase.Stopped => s.Unchanged,
    };

    /// <summary>When time alone will change something; null when it will not.</summary>
    public static DateTimeOffset? WakeAt(InstanceState s, bool shuttingDown) =>
        First(PhaseWakeAt(s, shuttingDown), shuttingDown ? null : s.Next?.NotBefore);

    private static DateTimeOffset? PhaseWakeAt(InstanceState s, bool shuttingDown) => s.Phase switch
    {
        InstancePhase.Waiting => shuttingDown ? null : s.NotBefore,
        InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping =>
            First(First(s.Deadline, s.TemplateRestartAt), InstanceReload.WakeAt(s)),
        InstancePhase.Unknown or InstancePhase.Preparing or InstancePhase.Stopped => null,
    };

    /// <summary>Null only when both are.</summary>
    private static DateTimeOffset? First(DateTimeOffset? one, DateTimeOffset? other) => one < other ? one : other ?? one;

    /// <summary>
    /// Without a probe, to have run for so long is all there is to ask: what exits at once was never ready, and an update must
    /// not go on to the next instance over it.
    /// </summary>
    public static readonly TimeSpan ProbelessReadyAfter = TimeSpan.FromSeconds(1);

    /// <summary>Passed its probe, or has none and lasts: consumers may be told of it.</summary>
    public static InstanceTurn Ready(InstanceState s, Moment m)
    {
        var ready = s.Enter(InstancePhase.Running, m) with { Healthy = true, ProbeText = null, Hold = null };
        return new InstanceTurn(ready)
            .Tell(EventKind.InstanceReady, $"ready {Phrases.Of(m.Now - (s.StartedAt ?? m.Now))} after its start")
            .DoIf(HasProbe(ready), () => AskProbe(ready, eager: false))
            .DoIf(HasWatchdog(ready), () => Watch(ready));
    }

    public static bool HasProbe(InstanceState s) => s.Assigned.Spec.Probe is not null;

    public static bool HasWatchdog(InstanceState s) => s.Assigned.Spec.Watchdog is not null;

    /// <summary>Its time begins anew: what it said while no agent was there nobody heard.</summary>
    public static AgentEffect Watch(InstanceState s) => new AgentEffect.Watch(s.Assigned, s.Incarnation, s.Process!);

    /// <summary>Needs a process and a launch: from the start on both are there.</summary>
    public static AgentEffect AskProbe(InstanceState s, bool eager) =>
        new AgentEffect.Probe(s.Assigned, s.Incarnation, s.Process!, s.Launch!, eager);

    private static InstanceTurn Heard(InstanceState s, AgentInput.OfInstance input, Moment m) => (s.Phase, input) switch
    {
        (InstancePhase.Preparing, AgentInput.Prepared prepared) => Launch(s, prepared.Launch, m),
        (InstancePhase.Preparing, AgentInput.PrepareFailed failed) => InstanceEnd.Retry(s, failed.Hold, m),

        (InstancePhase.Starting, AgentInput.Started started) when s.Process is null => Started(s, started.Process, m),
        (InstancePhase.Starting, AgentInput.StartFailed failed) when s.Process is null => InstanceEnd.Retry(s, failed.Hold, m),
        (InstancePhase.Starting, AgentInput.Probed { Answer: var answer }) when s.Process is not null && Passes(s, answer) =>
            Ready(s, m),
        (InstancePhase.Starting, AgentInput.Probed probed) => InstanceHealth.NotYet(s, probed.Answer.Text, m),

        (InstancePhase.Running, AgentInput.Probed { Answer: var answer }) when Passes(s, answer) => InstanceHealth.Passed(s, m),
        (InstancePhase.Running, AgentInput.Probed probed) => InstanceHealth.Failed(s, probed.Answer, m),
        (InstancePhase.Running, AgentInput.WatchdogExpired expired) when s.Assigned.Spec.Watchdog is { } watchdog =>
            InstanceEnd.HalfDead(s, watchdog, expired.Text, m),
        (InstancePhase.Starting, AgentInput.StartExtended extended) when HasProbe(s) => InstanceHealth.Extend(s, extended.By, m),

        (InstancePhase.Starting or InstancePhase.Running, AgentInput.TemplateChanged changed) =>
            InstanceHealth.TemplateChanged(s, changed.Template, m),
        (InstancePhase.Starting or InstancePhase.Running, AgentInput.TemplateHeld held) =>
            InstanceHealth.TemplateHeld(s, held.Hold, m),
        (InstancePhase.Running, AgentInput.ReloadTold told) => InstanceReload.Heard(s, told),

        // The listener is its service's: it outlives incarnations, and so does what is wrong with it.
        (_, AgentInput.UsesHeld held) => InstanceHealth.UsesHeld(s, held.Hold, m),

        (InstancePhase.Starting or InstancePhase.Running, AgentInput.Exited exited) => InstanceEnd.Crashed(s, exited.Exit, m),
        (InstancePhase.Stopping, AgentInput.Exited exited) when !s.HasExited => InstanceEnd.Stopped(s, exited.Exit, m),
        (InstancePhase.Stopping, AgentInput.TreeGone) => InstanceEnd.TreeGone(s, m),
        (InstancePhase.Stopping, AgentInput.StopCommandEnded ended)
            when InstanceStop.IsWaiting(s) && s.Stage == StopStage.Command => InstanceStop.CommandEnded(s, ended.Problem, m),
        (InstancePhase.Stopping, AgentInput.InFlight heard)
            when InstanceStop.IsWaiting(s) && s.Stage == StopStage.InFlight => InstanceStop.Heard(s, heard.Count, m),

        // Stopped before its start was known: it is signalled as soon as there is somebody to signal.
        (InstancePhase.Stopping, AgentInput.Started started) when s.Process is null && !s.HasExited =>
            InstanceStop.Signal(s with { Process = started.Process, StartedAt = m.Now }, m),
        (InstancePhase.Stopping, AgentInput.StartFailed) when s.Process is null => InstanceEnd.TreeGone(s, m),

        (InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping, AgentInput.SelfTold told) =>
            new InstanceTurn(
                s with { Counts = true, Spoke = s.Assigned.SpecDigest, Refuses = told.Refuses, Heard = told.Epoch }),
        (InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping, AgentInput.Found found) =>
            InstanceAdoption.Found(s, found, m),

        // Late, repeated, or meant for a phase that is over.
        _ => s.Unchanged,
    };

    /// <summary>One that refuses because it is to has answered, and is well.</summary>
    private static bool Passes(InstanceState s, ProbeAnswer answer) =>
        answer.Passed || (answer.Refused && InstanceSelf.MayRefuse(s));

    private static bool IsWanted(InstanceState s, Moment m) =>
        s.Assigned.Wanted == WantedPhase.Running && !s.Leaving && !m.ShuttingDown
            && Understanding.HoldOf(s.Assigned, m.Host) is null;

    private static InstanceTurn Prepare(InstanceState s, Moment m)
    {
        // What kept it from starting is shown until it has started; only a wait is over when it is over.
        var waited = s.Hold?.Reason is HoldReason.BackingOff or HoldReason.TooManyRestarts;
        return new InstanceTurn(s.Enter(InstancePhase.Preparing, m) with { Hold = waited ? null : s.Hold })
            .Do(new AgentEffect.Prepare(s.Assigned, s.Incarnation));
    }

    private static InstanceTurn Launch(InstanceState s, Launch launch, Moment m) =>
        new InstanceTurn(s.Enter(InstancePhase.Starting, m) with { Launch = launch })
            .Do(new AgentEffect.Start(s.Assigned, s.Incarnation, InstanceSelf.Begin(s.Assigned, launch)));

    private static InstanceTurn Started(InstanceState s, ProcessIdentity process, Moment m)
    {
        var started = s with
        {
            Process = process,
            StartedAt = m.Now,
            Hold = null,
            FailedStarts = 0,
            Deadline = m.Now + (s.Assigned.Spec.Probe?.StartTimeout ?? ProbelessReadyAfter),
        };
        var turn = new InstanceTurn(started)
            .Tell(new InstanceNews(
                EventKind.InstanceStarted,
                $"started {s.Assigned.Spec.Release}, pid {process.Pid}{(s.StartReason is { } why ? $": {why}" : "")}")
            {
                Start = new InstanceStart(
                    s.Incarnation, s.Assigned.Spec.Release, s.Assigned.SpecDigest, process.Pid, s.StartReason),
            });
        return turn.DoIf(HasProbe(s), () => AskProbe(started, eager: true));
    }
}
