using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How far a stop that was asked for has come. A journal value: a restarted agent goes on from it.</summary>
public enum StopStage
{
    /// <summary>It was told, and its stop.command runs.</summary>
    Command,

    /// <summary>What is under way in it is waited for.</summary>
    InFlight,

    /// <summary>The signal was sent; its grace runs.</summary>
    Signal,
}

/// <summary>
/// The way from the decision to stop to the signal (decision 024): the instance is told, its stop.command runs, what is under way
/// in it ends. Together these take stop.drain at most, and no time at all where there is nothing to wait for.
/// </summary>
internal static class InstanceStop
{
    public static InstanceTurn Begin(InstanceState s, Moment m)
    {
        var limit = s.Assigned.Stop.DrainLimit;
        return limit <= TimeSpan.Zero
            ? Signal(s, m)
            : Enter(s with { Deadline = m.Now + limit }, HasCommand(s) ? StopStage.Command : StopStage.InFlight, m);
    }

    /// <summary>By a restarted agent, which has found the process alive: the stage it was in is begun again.</summary>
    public static InstanceTurn Resume(InstanceState s, Moment m)
    {
        if (s.Stage is not (StopStage.Command or StopStage.InFlight) || s.Assigned.Stop.DrainLimit <= TimeSpan.Zero)
        {
            return Signal(s, m);
        }

        var begun = s.Since < m.Now ? s.Since : m.Now;
        return Enter(s with { Deadline = begun + s.Assigned.Stop.DrainLimit }, s.Stage.Value, m);
    }

    /// <summary>
    /// The limit may have become shorter while it waits. One that is as it was has nothing to say: the deadline goes with a clock
    /// that is set, and the time at which the stop began does not.
    /// </summary>
    public static InstanceState Shorten(InstanceState s, TimeSpan before) =>
        IsWaiting(s) && s.Assigned.Stop.DrainLimit < before && s.Since + s.Assigned.Stop.DrainLimit is var end && end < s.Deadline
            ? s with { Deadline = end }
            : s;

    /// <summary>Everything on this host is to end: what is under way is no longer waited for.</summary>
    public static InstanceTurn Hurry(InstanceState s, Moment m) =>
        s.Stage == StopStage.InFlight ? Leave(s).Then(next => Signal(next, m)) : s.Unchanged;

    public static InstanceTurn CommandEnded(InstanceState s, string? problem, Moment m) =>
        (problem is null ? s.Unchanged : s.Unchanged.Tell(EventKind.StopCommandFailed, problem))
            .Then(next => Enter(next, StopStage.InFlight, m));

    public static InstanceTurn Heard(InstanceState s, InFlightCount count, Moment m)
    {
        if (count.IsNothing)
        {
            return Signal(s, m);
        }

        var until = s.Deadline!.Value.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var text = $"{count.Words}; waits for that to end before SIG{s.Assigned.Stop.Signal}, until {until} UTC at the latest";
        return new InstanceTurn(s with
        {
            InFlight = count,
            Hold = InstanceEnd.HoldOf(s, m, HoldReason.WaitsForRequests, text,
                "waiting is right; a shorter stop: { drain: } in cluster.yaml takes effect at once"),
        });
    }

    /// <summary>stop.drain is over: what is still under way is cut, and that is written down.</summary>
    public static InstanceTurn Cut(InstanceState s, Moment m)
    {
        var limit = Phrases.Of(s.Assigned.Stop.DrainLimit);
        var what = s.Stage == StopStage.Command ? "its stop.command still ran" : s.InFlight switch
        {
            null => "it was not known what was under way in it",
            { By: InFlightBy.Unanswered } => "it had not said what was under way in it",
            { By: InFlightBy.Connections, Count: var count } => $"{Number(count, "connection")} to it {Were(count)} open",
            { Count: var count } => $"{Number(count, "request")} {Were(count)} still under way",
        };
        var cut = $"{what} when stop.drain ({limit}) was over";
        var order = s.Stop! with { Cut = cut };
        return new InstanceTurn(s with { Stop = order })
            .Tell(EventKind.DrainCut, $"{cut}: SIG{s.Assigned.Stop.Signal} now")
            .Then(Leave).Then(next => Signal(next, m));
    }

    public static bool IsWaiting(InstanceState s) =>
        s is { Phase: InstancePhase.Stopping, Stage: StopStage.Command or StopStage.InFlight, KilledAt: null, HasExited: false };

    public static InstanceTurn Signal(InstanceState s, Moment m)
    {
        var policy = s.Assigned.Stop;
        return new InstanceTurn(s with
        {
            Stage = StopStage.Signal,
            InFlight = null,
            Hold = null,
            Deadline = m.Now + policy.Grace,
        }).Do(new AgentEffect.Signal(s.Instance, s.Incarnation, s.Process!, policy.Signal));
    }

    private static InstanceTurn Enter(InstanceState s, StopStage stage, Moment m)
    {
        var next = s with { Stage = stage, InFlight = null, Hold = null };
        return stage == StopStage.Command && HasCommand(s)
            ? new InstanceTurn(next with
            {
                Hold = InstanceEnd.HoldOf(s, m, HoldReason.WaitsForStopCommand,
                    $"its stop.command runs: {string.Join(' ', s.Assigned.Stop.Command!.Value)}"),
            }).Do(new AgentEffect.RunStopCommand(s.Assigned, s.Incarnation, s.Launch!))
            : IsNeedless(s, m)
            ? Signal(next, m)
            : new InstanceTurn(next with { Stage = StopStage.InFlight }).Do(
                new AgentEffect.AwaitIdle(s.Instance, s.Incarnation, s.Process!, [.. s.Launch!.Ports.Values], s.Counts));
    }

    /// <summary>Nobody can have sent it anything; or its consumers end together with it.</summary>
    private static bool IsNeedless(InstanceState s, Moment m) =>
        m.ShuttingDown || s.Launch is null || (!s.Counts && s.Launch.Ports.IsEmpty);

    private static bool HasCommand(InstanceState s) =>
        s.Launch is not null && s.Assigned.Stop.Command is { IsDefaultOrEmpty: false };

    private static InstanceTurn Leave(InstanceState s) =>
        s.Unchanged.Do(new AgentEffect.EndWait(s.Instance, s.Incarnation));

    private static string Number(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Were(int count) => count == 1 ? "was" : "were";
}
