using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What a new assignment means to one instance: the whole truth, so what is not in it must not run (STYLE.md rule 7).
/// </summary>
internal static class InstanceAssign
{
    public static InstanceTurn New(AssignedInstance assigned, Moment m) => new(new InstanceState
    {
        Assigned = assigned,
        Incarnation = m.Next,
        Phase = InstancePhase.Waiting,
        Since = m.Now,
        StartReason = "it was assigned to this host",
        NotUnderstood = Understanding.HoldOf(assigned, m.Host),
    });

    /// <summary>No longer in the assignment: ends, then is forgotten.</summary>
    public static InstanceTurn Leave(InstanceState s, Moment m) => s.Phase switch
    {
        InstancePhase.Waiting or InstancePhase.Stopped => InstanceEnd.Forget(s),
        InstancePhase.Preparing => InstanceEnd.FreePorts(s).Then(InstanceEnd.Forget),
        InstancePhase.Starting or InstancePhase.Running =>
            InstanceEnd.Stop(
                s with { Leaving = true, NotUnderstood = null }, "stopped because it is no longer assigned to this host", m),
        InstancePhase.Stopping or InstancePhase.Unknown => new InstanceTurn(s with { Leaving = true, NotUnderstood = null }),
    };

    public static InstanceTurn Change(InstanceState s, AssignedInstance assigned, Moment m)
    {
        if (Understanding.HoldOf(assigned, m.Host) is { } hold)
        {
            return new InstanceTurn(s with { NotUnderstood = hold, Leaving = false });
        }

        var changed = s.Assigned.SpecDigest != assigned.SpecDigest || s.Assigned.Restarts != assigned.Restarts;
        var reason = ReasonToEnd(s.Assigned, assigned);
        var newer = InstanceStop.Shorten(
            InstanceSelf.Change(s, assigned, ends: reason is not null) with
            {
                NotUnderstood = null,
                Leaving = false,
                CrashesSinceChange = changed ? 0 : s.CrashesSinceChange,
            },
            s.Assigned.Stop.DrainLimit);
        return reason is null
            ? new InstanceTurn(newer)
            : End(newer with { RecentCrashes = [], FailedStarts = 0 }, reason, m);
    }

    public static InstanceTurn ShutDown(InstanceState s, Moment m) => s.Phase switch
    {
        InstancePhase.Waiting => new InstanceTurn(s.Enter(InstancePhase.Stopped, m)),
        InstancePhase.Preparing => InstanceEnd.FreePorts(s)
            .Then(next => new InstanceTurn(next.Enter(InstancePhase.Stopped, m))),
        InstancePhase.Starting or InstancePhase.Running => InstanceEnd.Stop(s, "stopped with its agent", m),
        InstancePhase.Stopping when InstanceStop.IsWaiting(s) => InstanceStop.Hurry(s, m),
        InstancePhase.Stopping or InstancePhase.Stopped or InstancePhase.Unknown => s.Unchanged,
    };

    /// <summary>Why the incarnation of the old word cannot go on under the new one; null when it can.</summary>
    private static string? ReasonToEnd(AssignedInstance old, AssignedInstance now) =>
        old.SpecDigest != now.SpecDigest ? old.Spec.Release == now.Spec.Release
            ? "stopped for a new spec"
            : $"stopped for {now.Spec.Release}"
        : old.Restarts != now.Restarts ? "restarted on request"
        : old.Wanted != now.Wanted ? OnRequest
        : null;

    /// <summary>Why the next one is begun, when the one before was ended before it ran.</summary>
    private static string Begins(InstanceState s, string reason) =>
        reason == OnRequest && s.Assigned.Wanted == WantedPhase.Running ? "it was started on request" : $"it was {reason}";

    private const string OnRequest = "stopped on request";

    /// <summary>What it ran is over; what counted against it was about that. What follows starts at once.</summary>
    private static InstanceTurn End(InstanceState s, string reason, Moment m) => s.Phase switch
    {
        InstancePhase.Waiting => new InstanceTurn(s with { NotBefore = null, Hold = null, StartReason = Begins(s, reason) }),
        InstancePhase.Preparing => InstanceEnd.FreePorts(s).Then(next => new InstanceTurn(next.Again(m, Begins(s, reason)))),
        InstancePhase.Starting or InstancePhase.Running => InstanceEnd.Stop(s, reason, m),
        InstancePhase.Stopping or InstancePhase.Stopped or InstancePhase.Unknown => s.Unchanged,
    };
}
