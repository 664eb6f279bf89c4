using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// How an incarnation ends: asked to, by itself, or without ever having started. Its successor is only begun when its whole tree
/// is gone, so two of one instance never run.
/// </summary>
internal static class InstanceEnd
{
    /// <summary>
    /// Withdraws it at once (it leaves Running) and asks it to end once nothing is under way in it, or its drain is over; the
    /// tree is killed when the grace after that is over.
    /// </summary>
    public static InstanceTurn Stop(InstanceState s, string reason, Moment m)
    {
        var stopping = s.Enter(InstancePhase.Stopping, m) with { Stop = new StopOrder(reason, Asked: true), Hold = null };
        return NoMoreProbes(new InstanceTurn(stopping), s)
            .Then(next => next.Process is null ? next.Unchanged : InstanceStop.Begin(next, m));
    }

    public static InstanceTurn NeverReady(InstanceState s, Moment m)
    {
        var limit = s.Assigned.Spec.Probe?.StartTimeout ?? TimeSpan.Zero;
        var reason = $"not ready within {Phrases.Of(limit)} ({s.ProbeText ?? "no answer of its probe"})";
        var stopping = s.Enter(InstancePhase.Stopping, m) with { Stop = new StopOrder(reason, Asked: false), Hold = null };
        return NoMoreProbes(new InstanceTurn(stopping), s).Then(next => Kill(next, m));
    }

    /// <summary>
    /// It runs and does nothing that it should: what is asked for is kept of it, then it is killed as if it had crashed.
    /// </summary>
    public static InstanceTurn HalfDead(InstanceState s, WatchdogSpec watchdog, string text, Moment m)
    {
        var stopping = s.Enter(InstancePhase.Stopping, m) with
        {
            Stop = new StopOrder($"half dead: {text}", Asked: false), Hold = null,
        };
        var turn = NoMoreProbes(new InstanceTurn(stopping), s);
        return watchdog.Keep switch
        {
            // SIGABRT, not SIGKILL: that one leaves no core. What ignores it is killed a little later.
            WatchdogKeep.Core => turn.Tell(EventKind.WatchdogExpired, $"half dead: {text}; SIGABRT is to leave a core dump")
                .Then(next => new InstanceTurn(next with { Deadline = m.Now + CorePatience })
                    .Do(new AgentEffect.Signal(s.Instance, s.Incarnation, s.Process!, "ABRT"))),
            WatchdogKeep.Stacks => turn.Tell(EventKind.WatchdogExpired, $"half dead: {text}; its stacks are written down")
                .Do(new AgentEffect.KeepStacks(s.Instance, s.Incarnation, s.Process!))
                .Then(next => Kill(next, m)),
            WatchdogKeep.Nothing or WatchdogKeep.Unknown or null =>
                turn.Tell(EventKind.WatchdogExpired, $"half dead: {text}").Then(next => Kill(next, m)),
        };
    }

    public static InstanceTurn Crashed(InstanceState s, ProcessExit exit, Moment m) =>
        NoMoreProbes(new InstanceTurn(s.Enter(InstancePhase.Stopping, m) with { Hold = null }), s)
            .Then(next => Stopped(next, exit, m));

    /// <summary>The main process has ended; what is left of its tree is killed before anything follows.</summary>
    public static InstanceTurn Stopped(InstanceState s, ProcessExit exit, Moment m)
    {
        var ended = Exited(s, exit, m);
        return s.KilledAt is null ? ended.Then(next => Kill(next, m)) : ended;
    }

    public static InstanceTurn Kill(InstanceState s, Moment m) =>
        new InstanceTurn(s with { KilledAt = m.Now, Deadline = m.Now + KillPatience })
            .Do(new AgentEffect.KillTree(s.Instance, s.Incarnation, s.Process));

    public static InstanceTurn DoesNotDie(InstanceState s, Moment m)
    {
        var who = s.Process is { } process ? $"pid {process.Pid} or a child of it" : "a process of it";
        var text = $"{who} still runs {Phrases.Of(KillPatience)} after SIGKILL; "
            + "nothing of this instance is started before it is gone";
        const string mend = "a process that SIGKILL does not end waits in the kernel, often for a disk or a network file system: "
            + "look at /proc/PID/stack; a reboot of the host ends it";
        return new InstanceTurn(s with { Deadline = null, Hold = HoldOf(s, m, HoldReason.DoesNotDie, text, mend) });
    }

    /// <summary>Nothing of the incarnation runs any more.</summary>
    public static InstanceTurn TreeGone(InstanceState s, Moment m)
    {
        // Exited comes first when the process was ours; without it the process ended unwatched.
        var turn = s.HasExited || s.StartedAt is null
            ? s.Unchanged
            : Exited(s, ProcessExit.NobodyWatched, m);
        return turn.Then(FreePorts).Then(ended => s.Leaving ? Forget(ended) : Follow(ended, m));
    }

    /// <summary>It never had a process: tried again, as a new incarnation, for as long as it takes.</summary>
    public static InstanceTurn Retry(InstanceState s, Hold hold, Moment m)
    {
        var failed = s.FailedStarts + 1;
        return FreePorts(s).Then(gone => new InstanceTurn(gone.Again(m, s.StartReason) with
        {
            FailedStarts = failed,
            NotBefore = m.Now + RestartDecision.Backoff(s.Assigned.Restart, failed, Jitter(s, m)),
            Hold = HoldOf(s, m, hold),
        }));
    }

    public static InstanceTurn FreePorts(InstanceState s) =>
        s.Unchanged.Do(new AgentEffect.ReleasePorts(s.Instance, s.Incarnation));

    public static InstanceTurn Forget(InstanceState s) =>
        new InstanceTurn(State: null).Do(new AgentEffect.Forget(s.Instance));

    public static Hold HoldOf(InstanceState s, Moment m, HoldReason reason, string text, string? mend = null) =>
        HoldOf(s, m, new Hold(reason, text, mend));

    /// <summary>The same, said of this instance on this host.</summary>
    public static Hold HoldOf(InstanceState s, Moment m, Hold hold) =>
        hold with { Service = s.Instance.Service, Instance = s.Instance, Host = m.Host };

    private static InstanceTurn NoMoreProbes(InstanceTurn turn, InstanceState s) =>
        turn.DoIf(
            (InstanceMachine.HasProbe(s) || InstanceMachine.HasWatchdog(s)) && s.Process is not null,
            () => new AgentEffect.StopProbe(s.Instance, s.Incarnation));

    private static InstanceTurn Exited(InstanceState s, ProcessExit exit, Moment m)
    {
        var asked = s.Stop?.Asked ?? false;
        var record = new InstanceExit
        {
            Incarnation = s.Incarnation,
            At = m.Now,
            Code = exit.Code,
            Signal = exit.Signal,
            CoreDumped = exit.CoreDumped,
            Ran = exit.Ran ?? (m.Now > s.StartedAt ? m.Now - s.StartedAt.Value : TimeSpan.Zero),
            PeakMemory = exit.PeakMemory,
            CpuTime = exit.CpuTime,
            UserTime = exit.UserTime,
            Unwatched = exit.Unwatched,
            StartReason = s.StartReason,
            Reason = Phrases.Of(exit, s.Stop, killed: s.KilledAt is not null),
            Asked = asked,
        };
        var ended = s with
        {
            LastExit = record,
            Hold = s.Hold?.Reason is HoldReason.WaitsForRequests or HoldReason.WaitsForStopCommand ? null : s.Hold,
            Crashes = asked ? s.Crashes : s.Crashes + 1,
            CrashesSinceChange = asked ? s.CrashesSinceChange : s.CrashesSinceChange + 1,
            RecentCrashes = asked ? s.RecentCrashes : RestartDecision.Count(s.Assigned.Restart, s.RecentCrashes, m.Now),
        };
        return new InstanceTurn(ended).Tell(
            new InstanceNews(EventKind.InstanceExited, $"{record.Reason}; {Phrases.Use(record)}") { Exit = record });
    }

    private static InstanceTurn Follow(InstanceState s, Moment m)
    {
        if (m.ShuttingDown)
        {
            return new InstanceTurn(s.Enter(InstancePhase.Stopped, m) with { Process = null, Launch = null, Hold = null });
        }

        var next = s.Again(m, Phrases.Follows(s));
        var crashed = s is { HasExited: true, LastExit.Asked: false };
        // No crashes although it crashed: somebody asked for a restart meanwhile, and that one is not to wait.
        return crashed && !s.RecentCrashes.IsEmpty && s.Assigned.Wanted == WantedPhase.Running
            ? new InstanceTurn(Wait(next, m))
            : new InstanceTurn(next);
    }

    private static InstanceState Wait(InstanceState s, Moment m)
    {
        var policy = s.Assigned.Restart;
        var ends = $"{Phrases.Times(s.RecentCrashes.Length)} within {Phrases.Of(policy.Window)}, "
            + $"the last time: {s.LastExit!.Reason}";
        return RestartDecision.Decide(policy, s.RecentCrashes, Jitter(s, m)) switch
        {
            RestartDecision.Restart { After: var after } when after == TimeSpan.Zero => s,
            RestartDecision.Restart { After: var after } => s with
            {
                NotBefore = m.Now + after,
                Hold = HoldOf(s, m, HoldReason.BackingOff, $"waits {Phrases.Of(after)} before its next start: it ended {ends}"),
            },
            RestartDecision.GiveUp { Until: var until } => s with
            {
                NotBefore = until,
                Hold = HoldOf(s, m, HoldReason.TooManyRestarts,
                    string.Create(
                        CultureInfo.InvariantCulture, $"not restarted before {until.UtcDateTime:HH:mm:ss} UTC: it ended {ends}"),
                    $"zurg restart {s.Instance.Service} (after looking at zurg logs {s.Instance})"),
            },
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>0 to 1, the same for the same seed and incarnation: a replay waits as long.</summary>
    public static double Jitter(InstanceState s, Moment m)
    {
        // FNV-1a (Fowler, Noll and Vo) over the letters of its name, with the seed as its basis.
        var mixed = s.Instance.Value.Aggregate(m.Seed, (hash, letter) => (hash ^ letter) * 1099511628211);
        return new Prng(mixed ^ (ulong)s.Incarnation.Value).NextDouble();
    }

    /// <summary>How long a core dump may take to be written.</summary>
    public static readonly TimeSpan CorePatience = TimeSpan.FromMinutes(1);

    /// <summary>How long SIGKILL may take before people are told.</summary>
    public static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);
}
