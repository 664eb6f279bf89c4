using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What one signal, by which files' changes are told, is about now. A journal value.</summary>
/// <param name="Signal">By name without SIG.</param>
public sealed record ReloadState(string Signal)
{
    /// <summary>Something changed that no signal was sent for: it is due then. Null: nothing did.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When it was asked for last.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>The last one is still being taken in: another one would meet a program that is half way.</summary>
    public bool Busy { get; init; }

    /// <summary>A change has not taken effect yet. It outlives the agent: the next one sends the signal again.</summary>
    public bool Owed { get; init; }

    /// <summary>What it waits for, when that takes long.</summary>
    public Hold? Hold { get; init; }
}

/// <summary>How far a signal that was asked for has come.</summary>
public enum ReloadProgress
{
    /// <summary>It waits for something.</summary>
    Waits,

    /// <summary>What is new has taken over; what was before only finishes.</summary>
    TakenOver,

    /// <summary>Nothing goes by the files of before any more.</summary>
    Done,
}

/// <summary>
/// When a process is told of its changed files (decision 027): once it is ready, since before its handler is there the signal
/// would end it; what changed within a moment by one signal; and never while it is still about the one before.
/// </summary>
internal static class InstanceReload
{
    /// <summary>One change in the cluster often changes several files: they are one signal.</summary>
    public static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    /// <summary>From one signal to the next: each costs a program a new set of processes.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static InstanceState Changed(InstanceState s, string signal, Moment m)
    {
        var known = s.Reloads.FirstOrDefault(r => r.Signal == signal) ?? new ReloadState(signal);

        // A clock that was set back: the one before was sent, and when is not known.
        var next = known.SentAt <= m.Now ? known.SentAt + Every : null;
        return Set(s, known with { Owed = true, DueAt = known.DueAt ?? Later(m.Now + Gather, next) });
    }

    /// <summary>Sends what is due, also when another file asks for a restart: that one may have to wait for long.</summary>
    public static InstanceTurn Settle(InstanceState s, Moment m) =>
        !MaySend(s) ? s.Unchanged : s.Reloads.Where(r => !r.Busy && r.DueAt <= m.Now)
            .Aggregate(s.Unchanged, (turn, due) => turn.Then(n => Send(n, due, m)));

    /// <summary>When time alone will send one.</summary>
    public static DateTimeOffset? WakeAt(InstanceState s) =>
        MaySend(s) ? s.Reloads.Where(r => !r.Busy).Min(r => r.DueAt) : null;

    public static InstanceTurn Heard(InstanceState s, AgentInput.ReloadTold told)
    {
        // Of one that was followed by another nothing is left to say: that one waits for all that it waited for.
        if (s.Reloads.FirstOrDefault(r => r.Signal == told.Signal) is not { } known || known.SentAt != told.SentAt)
        {
            return s.Unchanged;
        }

        return new InstanceTurn(Set(s, told.Progress switch
        {
            ReloadProgress.Waits => known with { Hold = told.Hold },
            ReloadProgress.TakenOver => known with { Busy = false, Hold = told.Hold },
            ReloadProgress.Done => known with { Busy = false, Hold = null, Owed = known.DueAt is not null },
        }));
    }

    /// <summary>By a starting agent: what its predecessor had under way is not known to have taken effect.</summary>
    public static InstanceState Keep(InstanceState s) =>
        s with { Reloads = [.. s.Reloads.Where(r => r.Owed).Select(r => new ReloadState(r.Signal) { Owed = true })] };

    /// <summary>Its process was found: what is owed is sent again.</summary>
    public static InstanceState TakeUp(InstanceState s, Moment m) =>
        s with { Reloads = [.. s.Reloads.Select(r => r with { DueAt = r.DueAt ?? m.Now + Gather })] };

    /// <summary>A clock that jumped: what was left of each wait is left of it now.</summary>
    public static ImmutableArray<ReloadState> Shift(ImmutableArray<ReloadState> reloads, TimeSpan gap) =>
        [.. reloads.Select(r => r with { DueAt = r.DueAt + gap })];

    private static bool MaySend(InstanceState s) =>
        s is { Phase: InstancePhase.Running, Process: not null, Launch: not null };

    private static InstanceTurn Send(InstanceState s, ReloadState due, Moment m) =>
        new InstanceTurn(Set(s, due with { DueAt = null, SentAt = m.Now, Busy = true, Hold = null }))
            .Do(new AgentEffect.Reload(s.Assigned, s.Incarnation, s.Process!, s.Launch!, due.Signal, m.Now));

    private static InstanceState Set(InstanceState s, ReloadState reload) => s with
    {
        Reloads =
        [
            .. s.Reloads.Where(r => r.Signal != reload.Signal).Append(reload).OrderBy(r => r.Signal, StringComparer.Ordinal),
        ],
    };

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;
}
