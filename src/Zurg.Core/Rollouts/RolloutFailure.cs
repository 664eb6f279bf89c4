using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Whether an instance that has the new target shows that it is no good: it ended, its probe fails, something holds it that no
/// waiting mends, or its time to get ready is over. A silent host shows nothing.
/// </summary>
internal static class RolloutFailure
{
    /// <returns>One sentence; null when nothing speaks against it.</returns>
    public static string? Of(HostFacts? facts, PlacedOn placed, Rollout rollout, TimeSpan readyWithin, DateTimeOffset now)
    {
        var (host, placement) = placed;
        if (facts is not { Session: HostSession.Connected } || placement.Wanted != WantedPhase.Running)
        {
            return null;
        }

        var (instance, release) = (placement.Instance, rollout.To.Release.Version);
        var status = facts.Find(instance);
        var taken = status is not null && placement.IsOf(status);
        if (taken && status!.CrashesSinceChange > rollout.Excused.GetValueOrDefault(instance))
        {
            return $"{instance} on {host} ended by itself with {release}: {status!.LastExit?.Reason ?? "how is not known"}";
        }

        var hasTime = HasTimeAgain(rollout, instance, readyWithin, now);
        if (taken && !hasTime && status is { Phase: InstancePhase.Running, Healthy: false })
        {
            return status.Hold is { } failing
                ? $"{instance} on {host} is not ready with {release}: {failing.Text}"
                : $"the probe of {instance} on {host} fails with {release}";
        }

        if (taken && !hasTime && status!.Hold is { } hold && IsFinal(hold.Reason))
        {
            return $"{instance} on {host} cannot run {release}: {hold.Text}";
        }

        var until = DeadlineOf(facts, placement, rollout, readyWithin, now);
        return (taken && status!.IsReady()) || until is null || now < until
            ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"{instance} on {host} was not ready with {release} within {readyWithin.TotalSeconds:0.###} s")
                + (taken && status!.Hold is { } why ? $": {why.Text}" : "");
    }

    /// <summary>
    /// Why a host will not be ready for what an instance of it is to get next; null while there is hope, or nobody waits for it:
    /// the present stage is ready, and the next one gives it its time anew.
    /// </summary>
    public static string? OfPreparation(
        HostFacts? facts, PlacedOn placed, Rollout rollout, TimeSpan readyWithin, DateTimeOffset now)
    {
        if (facts is not { Session: HostSession.Connected }
            || facts.Find(placed.Placement.Instance)?.PrepareHold is not { } hold)
        {
            return null;
        }

        var isLate = rollout.StageReadyAt is null && now >= rollout.StageSince + readyWithin;
        var isFinal = IsFinal(hold.Reason) && !HasTimeAgain(rollout, placed.Placement.Instance, readyWithin, now);
        return isLate || isFinal
            ? $"{placed.Host} cannot run {rollout.To.Release.Version} of {placed.Placement.Instance.Service}: {hold.Text}"
            : null;
    }

    /// <summary>
    /// Until when an instance has time to get ready. Nothing of it is spent before the process that it follows has ended, be
    /// that one of the old release, or its own that was asked to end, nor while its host was silent. Null: that one still ends.
    /// </summary>
    /// <param name="now">A begin that lies ahead is no begin: a clock was set back, or is another one's.</param>
    public static DateTimeOffset? DeadlineOf(
        HostFacts? facts, Placement placement, Rollout rollout, TimeSpan readyWithin, DateTimeOffset now)
    {
        var status = facts?.Find(placement.Instance);
        var asked = status?.LastExit is { Asked: true } exit ? exit.At : (DateTimeOffset?)null;
        DateTimeOffset?[] begins = [placement.Since, rollout.StageSince, facts?.SessionSince, asked];
        return status?.Phase == InstancePhase.Stopping ? null : begins.Where(b => b <= now + SkewMax).Max() + readyWithin;
    }

    /// <summary>Clocks of hosts differ by so little: a process that has just ended on one has ended.</summary>
    private static readonly TimeSpan SkewMax = TimeSpan.FromMinutes(1);

    /// <summary>A person said to go on in spite of what it showed: only time can tell whether they were right.</summary>
    private static bool HasTimeAgain(Rollout rollout, InstanceId instance, TimeSpan readyWithin, DateTimeOffset now) =>
        rollout.ResumedAt is { } at && rollout.Excused.ContainsKey(instance) && at <= now && now < at + readyWithin;

    private static bool IsFinal(HoldReason reason) => reason
        is HoldReason.TooManyRestarts or HoldReason.ReleaseCorrupt or HoldReason.ExecutableMissing or HoldReason.TemplateFailed
        or HoldReason.SpawnFailed or HoldReason.NotUnderstood or HoldReason.LimitNotAllowed or HoldReason.ReleaseUnsigned
        or HoldReason.AccessDenied;
}
