using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>A process of the instance, other than its main one, that ran before the signal was sent and still does.</summary>
/// <param name="Listens">It has a listening socket: it accepts new connections. True when that cannot be seen.</param>
public readonly record struct OldProcess(int Pid, bool Listens);

/// <summary>One look at an instance that was signalled.</summary>
/// <param name="IsPending">The main process has not taken the signal: it still waits for it in the kernel.</param>
/// <param name="Left">Those of before the signal that still run.</param>
public sealed record ReloadSight(bool IsPending, ImmutableArray<OldProcess> Left);

/// <summary>How far it is; each follows from the one before, and the last one is the end.</summary>
public enum ReloadStage
{
    /// <summary>The main process has not taken the signal yet.</summary>
    Pending,

    /// <summary>A process of before still takes new work, or may.</summary>
    Replacing,

    /// <summary>Those of before accept nothing new, and finish what they have.</summary>
    Finishing,

    /// <summary>No process shows it: the main one re-reads by itself, and has a moment for it.</summary>
    Settling,

    Done,
}

/// <param name="Pids">Of before, that are waited for.</param>
public sealed record ReloadVerdict(ReloadStage Stage, ImmutableArray<int> Pids);

/// <summary>
/// Whether a program goes by its new files after a signal, as far as the kernel shows (decision 027). A program that replaces its
/// processes (nginx, haproxy, gunicorn) is done when those of before have ended. One that has none re-reads in place: it is done
/// a moment after it has taken the signal. Times are of a clock that only runs forward.
/// </summary>
public sealed record ReloadWatch
{
    /// <summary>For a handler that re-reads: it was running by then, and a file is read within milliseconds.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A process that has closed its listening sockets ends with its last connection, which for a tunnel can be tomorrow. So long
    /// after it closed them what it accepted before has long been sent on to where it goes.
    /// </summary>
    public static readonly TimeSpan FinishMax = TimeSpan.FromSeconds(10);

    private ReloadWatch()
    {
    }

    private ImmutableSortedSet<int> Listened { get; init; } = [];

    private ImmutableSortedDictionary<int, TimeSpan> ClosedAt { get; init; } = ImmutableSortedDictionary<int, TimeSpan>.Empty;

    private TimeSpan? TakenAt { get; init; }

    /// <param name="before">Every process of the instance but its main one, looked at just before the signal.</param>
    public static ReloadWatch Begin(ImmutableArray<OldProcess> before) => new()
    {
        Listened = [.. before.Where(p => p.Listens).Select(p => p.Pid)],
    };

    public (ReloadWatch Next, ReloadVerdict Verdict) Look(ReloadSight sight, TimeSpan now)
    {
        if (sight.IsPending && TakenAt is null)
        {
            return (this, new ReloadVerdict(ReloadStage.Pending, []));
        }

        var next = this with { TakenAt = TakenAt ?? now, ClosedAt = Closed(sight.Left, now) };
        return (next, next.Judge(sight, now));
    }

    private ReloadVerdict Judge(ReloadSight sight, TimeSpan now)
    {
        var left = sight.Left.Where(p => !(now - ClosedAt.GetValueOrDefault(p.Pid, now) >= FinishMax)).ToImmutableArray();
        if (!left.IsEmpty)
        {
            return new ReloadVerdict(
                left.All(p => ClosedAt.ContainsKey(p.Pid)) ? ReloadStage.Finishing : ReloadStage.Replacing,
                [.. left.Select(p => p.Pid)]);
        }

        // Those who served have ended. Of children that did not serve one may have ended by itself: that shows nothing.
        return new ReloadVerdict(
            !Listened.IsEmpty || now - TakenAt >= SettleTime ? ReloadStage.Done : ReloadStage.Settling, []);
    }

    private ImmutableSortedDictionary<int, TimeSpan> Closed(ImmutableArray<OldProcess> left, TimeSpan now) =>
        left.Where(p => Listened.Contains(p.Pid) && !p.Listens)
            .ToImmutableSortedDictionary(p => p.Pid, p => ClosedAt.GetValueOrDefault(p.Pid, now));
}
