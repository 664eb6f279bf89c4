using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A change in which the whole new side is started beside the old one, unlisted, and takes over in one step. The old side runs on
/// for a while as the instant way back; then it gets the new one in place, takes its work back, and the spare side leaves.
/// </summary>
internal static class BlueGreen
{
    public static Rollout Next(ServicePlan plan, Rollout rollout, RolloutIntent? words)
    {
        var policy = plan.Service.Update.BlueGreen ?? new BlueGreenPolicy(TimeSpan.Zero, Strict: false);
        var roster = plan.Roster;
        if (rollout.SwitchedAt is { } switched)
        {
            return rollout.Allowed > 0
                ? Finish(plan, rollout, roster)
                : Keep(plan, rollout, words, Passed(plan, switched) + policy.Keep);
        }

        if (roster.Regular.IsEmpty && plan.Service.Scale.Instances != 0)
        {
            return RolloutStage.WithNobody(plan, rollout);   // what stands in for them serves on
        }

        if (rollout.ClosedAt is not null)
        {
            return StrictSwitch.Closed(plan, rollout);
        }

        if (IsWhole(plan, roster) && roster.Regular.All(p => plan.Has(p, rollout.To)) && !AnotherServes(plan, rollout))
        {
            return EndKeep(plan, rollout with { SwitchedAt = plan.Now });   // there is no old side to switch from
        }

        var green = NewSide(plan, rollout);
        if (green.Length < plan.SideSize || !green.All(plan.IsReady))
        {
            return rollout with { StageReadyAt = null };
        }

        var ready = rollout with { StageReadyAt = Passed(plan, rollout.StageReadyAt ?? plan.Now) };
        var told = words?.Promotes > rollout.Promotes || words?.PromoteAll is true;
        var baked = plan.Service.Update.ManualPromotion is not true && plan.Now >= ready.StageReadyAt + plan.Service.Update.Bake;
        if (!told && !baked)
        {
            return Hold(plan, ready);
        }

        // A person's word that has to wait is still to be carried out.
        var next = Switch(plan, ready, policy);
        return ReferenceEquals(next, ready) ? ready : next with { Promotes = words?.Promotes ?? ready.Promotes };
    }

    /// <summary>Nobody of those wanted is on its way to another place.</summary>
    public static bool IsWhole(ServicePlan plan, Roster roster) =>
        !roster.Regular.IsEmpty && roster.Regular.Length >= plan.SideSize;

    /// <summary>
    /// Whoever has the new one. Before the switch, of the regular ones those that nobody is shown, such as the old side of the
    /// change before that this one goes back to, and those that became regular ones when more were wanted.
    /// </summary>
    public static ImmutableArray<PlacedOn> NewSide(ServicePlan plan, Rollout rollout)
    {
        var roster = plan.Roster;
        return
        [
            .. roster.Surplus.Where(p => plan.Has(p, rollout.To)),
            .. roster.Regular.Where(p => plan.Has(p, rollout.To)
                && (rollout.SwitchedAt is not null || p.Placement.Unlisted is true || p.Placement.Since >= rollout.StartedAt)),
        ];
    }

    /// <summary>Beside those wanted, such as the side that a halted change has switched to.</summary>
    private static bool AnotherServes(ServicePlan plan, Rollout rollout) =>
        plan.OnHosts.Any(p => p.Placement.Unlisted is not true && !Sides.IsOf(p, rollout.To));

    /// <summary>Not later than now: a clock that went back must not stretch the watch.</summary>
    private static DateTimeOffset Passed(ServicePlan plan, DateTimeOffset at) => at < plan.Now ? at : plan.Now;

    private static Rollout Switch(ServicePlan plan, Rollout rollout, BlueGreenPolicy policy)
    {
        if (policy.Strict)
        {
            return StrictSwitch.Close(plan, rollout);
        }

        plan.Tell(EventKind.RolloutStage, $"rollout {rollout.Number} of {rollout.Service}: the new side takes over");
        return rollout with { SwitchedAt = plan.Now, StageReadyAt = null, StageSince = plan.Now };
    }

    private static Rollout Keep(ServicePlan plan, Rollout rollout, RolloutIntent? words, DateTimeOffset until)
    {
        if (plan.Now >= until || words?.Promotes > rollout.Promotes || words?.PromoteAll is true)
        {
            return EndKeep(plan, rollout with { Promotes = words?.Promotes ?? rollout.Promotes });
        }

        plan.WakeBy(until);
        plan.Wait(
            HoldReason.Baking,
            string.Create(CultureInfo.InvariantCulture,
                $"the new side of {rollout.Service} serves; the old one runs on until {until.UtcDateTime:HH:mm:ss} UTC"),
            $"zurg rollout abort {rollout.Service} to go back at once, zurg rollout promote {rollout.Service} to finish now");
        return rollout;
    }

    /// <summary>The old side gets the new one too, and with it the way back ends.</summary>
    public static Rollout EndKeep(ServicePlan plan, Rollout rollout) =>
        rollout with { Allowed = Math.Max(1, plan.Roster.Regular.Length), StageSince = plan.Now };

    private static Rollout Finish(ServicePlan plan, Rollout rollout, Roster roster)
    {
        if (!roster.Regular.All(p => plan.IsDone(p, rollout)))
        {
            // A host that came back meanwhile has one more to bring the new one to.
            return rollout with { Allowed = Math.Max(rollout.Allowed, roster.Regular.Length) };
        }

        plan.Tell(EventKind.RolloutCompleted, $"rollout {rollout.Number} of {rollout.Service} is complete");
        return rollout with { Phase = RolloutPhase.Completed, EndedAt = plan.Now };
    }

    private static Rollout Hold(ServicePlan plan, Rollout rollout)
    {
        if (plan.Service.Update.ManualPromotion is true)
        {
            plan.Wait(
                HoldReason.WaitsForPromotion, $"the new side of {rollout.Service} is ready; a person switches to it",
                $"zurg rollout promote {rollout.Service}, or zurg rollout abort {rollout.Service}");
            return rollout;
        }

        var until = rollout.StageReadyAt!.Value + plan.Service.Update.Bake;
        plan.WakeBy(until);
        plan.Wait(
            HoldReason.Baking,
            string.Create(CultureInfo.InvariantCulture,
                $"the new side of {rollout.Service} is ready and is watched until {until.UtcDateTime:HH:mm:ss} UTC"),
            $"zurg rollout promote {rollout.Service}, to switch at once");
        return rollout;
    }
}
