using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A service's rollout as people are shown it: what its record says, and how many instances have come how far.</summary>
internal static class RolloutView
{
    /// <summary>Null before the first rollout of the service, and once it has left the spec.</summary>
    /// <param name="board">Of the same state, as nobody has planned on it yet.</param>
    public static RolloutStatus? Of(Planning at, Board board, ServiceName service) =>
        at.State.Applied is { } applied && applied.Spec.Find(service) is { } spec
        && at.State.Rollouts.GetValueOrDefault(service) is { } rollout
            ? Of(new ServicePlan(at, board, spec, applied), rollout)
            : null;

    private static RolloutStatus Of(ServicePlan plan, Rollout rollout)
    {
        var roster = plan.Roster;
        var onTarget = roster.Staying.Where(p => plan.Has(p, rollout.To)).ToImmutableArray();
        var policy = plan.Service.Update;
        var waits = rollout is { Phase: RolloutPhase.Running, StageReadyAt: not null } && !plan.IsPaused(rollout);
        var bakes = rollout.StageReadyAt + plan.BakeOf(rollout) is { } until && until > plan.Now ? until : (DateTimeOffset?)null;
        return new RolloutStatus
        {
            Rollout = rollout,
            Paused = rollout.Phase is RolloutPhase.Running or RolloutPhase.RollingBack && plan.IsPaused(rollout),
            Instances = plan.Wanted,
            OnTarget = onTarget.Length,
            OnTargetReady = onTarget.Count(plan.IsReady),
            Spares = roster.Surplus.Length,
            Stages = plan.StagesOf(rollout),
            BakesUntil = waits && policy.ManualPromotion is not true ? bakes : null,
            WaitsForPromotion = waits && policy.ManualPromotion is true,
        };
    }
}
