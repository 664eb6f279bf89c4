using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>How a rollout that somebody watches has ended.</summary>
/// <param name="Text">One sentence.</param>
/// <param name="Mend">What to do next.</param>
internal sealed record RolloutEnd(bool Done, string Text, string? Mend = null)
{
    /// <param name="after">The one watched has a higher number.</param>
    /// <param name="number">Of the one watched, once it was seen.</param>
    /// <param name="spec">It comes of this spec or a newer one.</param>
    /// <returns>Null while it is under way, or has not begun.</returns>
    public static RolloutEnd? Of(ClusterStatus status, ServiceName service, SpecNumber spec, long after, long? number)
    {
        if (status.Spec.CompareTo(spec) < 0)
        {
            return null;
        }

        if (status.Services.FirstOrDefault(s => s.Service == service) is not { Release: not null } found)
        {
            return new RolloutEnd(false, $"{service} has left the spec", "zurg spec diff shows the change");
        }

        var rollout = found.Rollout?.Rollout;
        return rollout is null || rollout.Number <= after ? BeforeIt(found, rollout)
            : number is { } watched && rollout.Number != watched
            ? new RolloutEnd(
                false, $"rollout {rollout.Number} ({rollout.Why}) has taken the place of {watched}",
                $"watch that one: zurg rollout status {service} --watch")
            : OfPhase(found, rollout, status.Holds);
    }

    private static RolloutEnd? BeforeIt(ServiceStatus service, Rollout? rollout) =>
        service.Stopped ? new RolloutEnd(
            true, $"{service.Service} is stopped: it gets {service.Release} when it is started",
            $"zurg start {service.Service}")
        : service.Instances.IsEmpty && service.Wanted == 0 ? new RolloutEnd(true, $"{service.Service} has no instances")
        : rollout is null or { Phase: RolloutPhase.Completed } && !service.Instances.IsEmpty
            && service.Instances.All(i => i.UpToDate)
            ? new RolloutEnd(true, $"all of {service.Service} run {service.Release?.Version} already")
        : null;

    private static RolloutEnd? OfPhase(ServiceStatus found, Rollout rollout, ImmutableArray<Hold> holds)
    {
        var (service, name) = (rollout.Service, $"rollout {rollout.Number} of {rollout.Service}");
        return rollout.Phase switch
        {
            RolloutPhase.Running or RolloutPhase.Completed when found.Stopped && rollout.StillRefused is null => new RolloutEnd(
                false, $"{name} goes no further: {service} is stopped and gets {rollout.To.Release.Version} when it is started",
                $"zurg start {service}"),
            RolloutPhase.Running or RolloutPhase.RollingBack => null,
            RolloutPhase.Halted => new RolloutEnd(
                false, $"{name} is halted: {rollout.Reason}",
                holds.FirstOrDefault(h => h.Reason == HoldReason.RolloutHalted && h.Service == service)?.Mend
                    ?? $"zurg rollout status {service}"),
            RolloutPhase.Completed when rollout.StillRefused is { } refused => new RolloutEnd(
                false, $"{name} was taken back, all run {rollout.To.Release.Version} again: {rollout.Reason}",
                $"zurg history {service} and zurg logs {service} say more; when mended, push it as another version than "
                    + $"{refused.Release.Version}"),
            RolloutPhase.Completed when rollout.Refused is not null && AllRun(found) => new RolloutEnd(
                true, $"{name} was taken back, as the spec says by now: all run {rollout.To.Release.Version}"),
            RolloutPhase.Completed when AllRun(found) => new RolloutEnd(
                true, $"{name} is complete: all run {rollout.To.Release.Version}, after "
                    + Rendering.Measures.Age((rollout.EndedAt ?? rollout.StartedAt) - rollout.StartedAt)),
            RolloutPhase.Completed => WhyNotAll(found, rollout, holds),
            RolloutPhase.Unknown => new RolloutEnd(false, $"{name} is in a phase that only a newer zurg knows"),
        };
    }

    /// <summary>A first release is complete as soon as it is decided: that it runs is another matter.</summary>
    private static bool AllRun(ServiceStatus found) => found.Rollout is { } counts
        && counts.OnTargetReady >= counts.Instances && (counts.Instances > 0 || found.Wanted == 0);

    /// <returns>Null while it may still come to it: something is being placed, fetched or started.</returns>
    private static RolloutEnd? WhyNotAll(ServiceStatus found, Rollout rollout, ImmutableArray<Hold> holds)
    {
        if (found.Instances.FirstOrDefault(i => i.Status is { CrashesSinceChange: > 0 } s && !s.IsReady()) is { } ended)
        {
            return new RolloutEnd(
                false, $"{ended.Instance} on {ended.Host} ended by itself with {rollout.To.Release.Version}: "
                    + (ended.Status!.LastExit?.Reason ?? "how is not known"),
                $"zurg logs {found.Service} says more");
        }

        var homeless = holds.Where(h => h.Reason is HoldReason.NoHostFits or HoldReason.HostLost && h.Service == found.Service)
            .ToImmutableArray();
        return !homeless.IsEmpty && homeless.Length + found.Rollout!.OnTargetReady >= found.Wanted
            ? new RolloutEnd(false, homeless[0].Text, homeless[0].Mend)
            : null;
    }
}
