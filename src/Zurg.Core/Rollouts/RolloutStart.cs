using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How a rollout begins: what it comes from, whose place it takes, and what of the one before it still holds.</summary>
internal static class RolloutStart
{
    /// <summary>The service's newest rollout, before anybody looks whether people want something else by now.</summary>
    public static Rollout Newest(
        ServicePlan plan, Rollout? before, RolloutTarget applied, IReadOnlyCollection<PlacedOn> placed) =>
        placed.Count == 0 ? First(plan, before, applied)
        : before is null ? Known(plan, applied, placed)
        : NotAhead(before, plan.Now);

    /// <summary>
    /// The rollout that brings <paramref name="target"/>: a new one as a rule. A restart that is asked for in the middle of a
    /// change joins it, so that neither a pause nor a halt is over by it.
    /// </summary>
    public static Rollout Of(ServicePlan plan, Rollout before, RolloutTarget target) =>
        before.Phase == RolloutPhase.Completed ? Begin(plan, before, target)
        : MustSettle(before, target) ? Settle(plan, before)
        : target.RunsSameAs(before.To) ? before with
        {
            To = target,
            StageSince = plan.Now,
            StageReadyAt = null,
            Excused = ImmutableSortedDictionary<InstanceId, int>.Empty,   // each is counted anew from its restart on
        }
        : Begin(plan, before, target);

    /// <summary>
    /// The decider that wrote it had another clock, or this one's was set back. By this one the stage begins now: what is changed
    /// from here on is dated by it, and has its time to get ready and no more.
    /// </summary>
    private static Rollout NotAhead(Rollout rollout, DateTimeOffset now) =>
        rollout.Phase == RolloutPhase.Completed || rollout.StageSince <= now ? rollout : rollout with
        {
            StartedAt = rollout.StartedAt < now ? rollout.StartedAt : now,
            StageSince = now,
        };

    /// <summary>
    /// Nothing of it runs. The first time, it gets all at once what is wanted; what has lost its last instance, in a move for
    /// instance, goes on where it was: with what was proven, and with what people said of the rest.
    /// </summary>
    private static Rollout First(ServicePlan plan, Rollout? before, RolloutTarget applied) => before switch
    {
        { Phase: RolloutPhase.Completed, StillRefused: null } when before.To.RunsSameAs(applied)
            && before.To.Restarts == applied.Restarts => before,
        { StillRefused: { } refused } when refused.RunsSameAs(applied) => before,
        { Phase: RolloutPhase.Running or RolloutPhase.Halted } when before.To.RunsSameAs(applied) => before,
        _ => Ended(plan, before?.Number ?? 0, applied, $"release {applied.Release.Version} (spec {applied.Spec})"),
    };

    /// <summary>An earlier build of Zurg placed it and wrote no rollout: what runs is what the last one brought.</summary>
    private static Rollout Known(ServicePlan plan, RolloutTarget applied, IReadOnlyCollection<PlacedOn> placed) =>
        Ended(plan, 0, RolloutTargets.Placed(plan.State, applied, placed), "what ran before there were rollouts");

    private static Rollout Ended(ServicePlan plan, long number, RolloutTarget target, string why) => new()
    {
        Service = plan.Service.Name,

        // What people said of a rollout of an earlier life of this service must not be about one of this.
        Number = Math.Max(number, plan.Intent.Rollout?.Number ?? 0) + 1,
        From = target,
        To = target,
        Phase = RolloutPhase.Completed,
        StartedAt = plan.Now,
        EndedAt = plan.Now,
        StageSince = plan.Now,
        Why = why,
        Allowed = 0,
    };

    /// <summary>
    /// Which side answers has to be settled before something newer begins: else that would begin by listing the other one, too.
    /// What ran before is no news to the old side, and the way back to it is open as long as that is whole.
    /// </summary>
    private static bool MustSettle(Rollout before, RolloutTarget target) =>
        StrictSwitch.HasNoWayBack(before) ? before.Phase == RolloutPhase.Running
        : !(before.Phase is RolloutPhase.Running or RolloutPhase.Halted && target.RunsSameAs(before.From))
            && (StrictSwitch.IsUnsettled(before)
                || (ServicePlan.IsBlueGreen(before) && before is { Phase: RolloutPhase.Running, SwitchedAt: not null }));

    private static Rollout Settle(ServicePlan plan, Rollout before)
    {
        var isBack = before.Phase == RolloutPhase.RollingBack;
        plan.Wait(
            HoldReason.WaitsForTurn,
            $"{plan.Service.Name}'s next rollout begins when the side that rollout {before.Number} "
                + $"{(isBack ? "goes back" : before.SwitchedAt is null ? "switches" : "has switched")} to is all there is",
            isBack ? $"zurg rollout status {plan.Service.Name} says what that waits for"
                : StrictSwitch.HasNoWayBack(before) ? $"zurg rollout status {plan.Service.Name} shows how far it is"
                : $"zurg rollout abort {plan.Service.Name}, if it must not wait: what ran before serves again at once");
        return before is { Phase: RolloutPhase.Running, SwitchedAt: not null, Allowed: 0 }
            ? BlueGreen.EndKeep(plan, before)
            : before;
    }

    private static Rollout Begin(ServicePlan plan, Rollout before, RolloutTarget target)
    {
        var refused = before.StillRefused is { } taken && taken.RunsSameAs(target) ? null : RefusedStill(plan, before);

        // Halted when there is no way back any more, the new side serves, and it is what the next one comes from.
        var from = before.Phase == RolloutPhase.Completed || StrictSwitch.HasNoWayBack(before) ? before.To : before.From;
        var back = !target.RunsSameAs(before.To) && target.RunsSameAs(from);
        var why = WhyOf(plan, from, target);
        var rollout = new Rollout
        {
            Service = before.Service,
            Number = before.Number + 1,
            From = from,
            To = target,
            Phase = back ? RolloutPhase.RollingBack : RolloutPhase.Running,
            StartedAt = plan.Now,
            StageSince = plan.Now,
            Why = why,
            Allowed = 0,
            Reason = back ? $"the spec says again what ran before rollout {before.Number}"
                : refused is null ? null
                : before.Reason,
            Refused = refused,
        };
        rollout = back && before.BlueGreen is true
            ? rollout with { BlueGreen = true, ClosedAt = before.ClosedAt, SwitchedAt = before.SwitchedAt }
            : !back && plan.Service.Update.BlueGreen is not null && !target.RunsSameAs(from)
            ? rollout with { BlueGreen = true }
            : rollout with { Allowed = plan.StagesOf(rollout) is [var first, ..] ? first : 0 };
        plan.Tell(EventKind.RolloutStarted, before.Phase == RolloutPhase.Completed
            ? $"rollout {rollout.Number} of {rollout.Service}: {why}"
            : $"rollout {rollout.Number} of {rollout.Service} takes the place of {before.Number}: {why}");

        // What does not run loses nothing by a change, and shows nothing of it.
        return plan.Stopped ? rollout with { Phase = RolloutPhase.Completed, EndedAt = plan.Now } : rollout;
    }

    /// <summary>A restart of what runs does not forgive what was taken back; another spec does.</summary>
    private static RolloutTarget? RefusedStill(ServicePlan plan, Rollout before) =>
        before.StillRefused is { } refused
        && refused.RunsSameAs(RolloutTargets.Applied(plan.Applied, plan.Service, plan.Intent)) ? refused : null;

    private static string WhyOf(ServicePlan plan, RolloutTarget from, RolloutTarget to)
    {
        var by = $"spec {to.Spec} by {plan.Applied.Author}";
        return to.RunsSameAs(from) ? "a restart that a person asked for"
            : to.Release != from.Release ? $"release {from.Release.Version} -> {to.Release.Version} ({by})"
            : $"what it is started with has changed ({by})";
    }
}
