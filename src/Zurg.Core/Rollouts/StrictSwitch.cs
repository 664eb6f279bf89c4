using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The strict switch of a blue-green change, and its way back: whoever answered is told to refuse and says that it does before
/// anybody of the other side is shown, and nobody is told before it is known that all of them can be. Each order has a number,
/// and the process says which it goes by (<see cref="Placement.TrafficEpoch"/>), so that an old word never counts for a new
/// order.
/// </summary>
internal static class StrictSwitch
{
    private const string Mend =
        "a program can be told with Zurg.Sdk.AspNetCore; strict: false in cluster.yaml lets both sides answer for a moment; "
            + "of a host that is dead, say so: zurg lost HOST";
    private const string MendOfOpen =
        "what it has accepted is ended first; a process that does not hear its agent can be ended by hand";

    /// <summary>
    /// What is no longer strict stays so until its end, whatever the spec says later: the side that has been shown since must not
    /// be told to refuse again. Between its sides it switches first.
    /// </summary>
    public static Rollout Settled(ServicePlan plan, Rollout rollout) =>
        IsUnsettled(rollout) && rollout.SwitchedAt is not null && plan.Service.Update.BlueGreen is { Strict: false }
            ? rollout with { ClosedAt = null, ReturnsAt = null, ReturnedAt = null }
            : rollout;

    /// <summary>A person who writes strict: false in the middle of it lets both sides answer for a moment.</summary>
    public static bool IsStrict(ServicePlan plan, Rollout rollout) =>
        rollout.ClosedAt is not null && plan.Service.Update.BlueGreen is not { Strict: false };

    /// <summary>It goes back after its switch, and strictly.</summary>
    public static bool Returns(ServicePlan plan, Rollout rollout) =>
        rollout is { Phase: RolloutPhase.RollingBack, SwitchedAt: not null } && IsStrict(plan, rollout);

    /// <summary>The old side is being replaced in place: what is left of it cannot take over any more.</summary>
    public static bool HasNoWayBack(Rollout rollout) => rollout is
    {
        ClosedAt: not null, SwitchedAt: not null, Allowed: > 0, Phase: RolloutPhase.Running or RolloutPhase.Halted,
    };

    /// <summary>Who answers is not settled yet: whatever begins now would show a second side.</summary>
    public static bool IsUnsettled(Rollout rollout) => rollout is { BlueGreen: true, ClosedAt: not null } && rollout.Phase switch
    {
        RolloutPhase.Running or RolloutPhase.Halted => true,
        RolloutPhase.RollingBack => rollout is { SwitchedAt: not null },
        RolloutPhase.Completed or RolloutPhase.Unknown => false,
    };

    /// <summary>The sides change places: nothing else of the service is touched meanwhile.</summary>
    public static bool IsTurning(ServicePlan plan, Rollout rollout) =>
        Sides.Of(plan, rollout) == Answering.Nobody || (Returns(plan, rollout) && rollout.ReturnedAt is null);

    /// <summary>Of an older agent nobody hears it: there it counts as soon as it is told.</summary>
    public static bool Accepts(ServicePlan plan, PlacedOn placed) =>
        plan.State.Facts.GetValueOrDefault(placed.Host) is not { Description.TrafficEpochs: true } facts
        || (placed.Placement.Refuse is not true
            && (placed.Placement.TrafficEpoch is null
                || placed.Placement.TrafficEpoch == facts.Find(placed.Placement.Instance)?.TrafficEpoch));

    /// <summary>The old side is told to refuse, if all of both can be told: the new one needs it for the way back.</summary>
    public static Rollout Close(ServicePlan plan, Rollout rollout)
    {
        if (WhyUntold(plan, rollout) is { } why)
        {
            plan.Wait(
                HoldReason.WaitsForOtherSide, $"the old side of {rollout.Service} serves on: {why}",
                $"{Mend}; zurg rollout abort {rollout.Service} takes the new side away");
            return rollout;
        }

        return Closed(plan, rollout with { ClosedAt = plan.Now, StageReadyAt = null });
    }

    /// <summary>Nobody of the new side answers before everybody of the old one has said that it refuses.</summary>
    public static Rollout Closed(ServicePlan plan, Rollout rollout)
    {
        if (BlueGreen.NewSide(plan, rollout).Count(plan.IsReady) < Fewest(plan))
        {
            plan.Tell(
                EventKind.RolloutStage,
                $"rollout {rollout.Number} of {rollout.Service}: the old side serves again, "
                    + "since too few of the new one are ready");
            return rollout with { ClosedAt = null, StageReadyAt = null, StageSince = plan.Now };
        }

        if (IsStrict(plan, rollout) && !IsRefused(
            plan, rollout, $"the new side of {rollout.Service} waits until the old one refuses",
            $"{MendOfOpen}; zurg rollout abort {rollout.Service} lets the old side serve again"))
        {
            return rollout;
        }

        plan.Tell(EventKind.RolloutStage, $"rollout {rollout.Number} of {rollout.Service}: the new side takes over");
        return rollout with { SwitchedAt = plan.Now, StageReadyAt = null, StageSince = plan.Now };
    }

    /// <summary>
    /// The way back after the switch: the new side serves until all of both can be told, then refuses, then the old one accepts.
    /// </summary>
    public static Rollout Return(ServicePlan plan, Rollout rollout)
    {
        if (!Returns(plan, rollout) || rollout.ReturnedAt is not null)
        {
            return rollout;
        }

        if (rollout.ReturnsAt is null)
        {
            if ((WhyUntold(plan, rollout) ?? WhyTooFew(plan, rollout)) is { } why)
            {
                plan.Wait(
                    HoldReason.WaitsForOtherSide, $"the way back of {rollout.Service} waits, and the new side serves on: {why}",
                    Mend);
                return rollout;
            }

            plan.Tell(
                EventKind.RolloutStage, $"rollout {rollout.Number} of {rollout.Service}: the new side is told to refuse");
            return rollout with { ReturnsAt = plan.Now };
        }

        if (IsRefused(plan, rollout, $"the old side of {rollout.Service} waits until the new one refuses", MendOfOpen))
        {
            plan.Tell(
                EventKind.RolloutStage, $"rollout {rollout.Number} of {rollout.Service}: the old side takes over again");
            return rollout with { ReturnedAt = plan.Now };
        }

        return rollout;
    }

    /// <summary>Whether nobody without the target answers any more; else a hold says who may still.</summary>
    private static bool IsRefused(ServicePlan plan, Rollout rollout, string waits, string mend)
    {
        var open = plan.OnHosts.Where(p => !Sides.IsOf(p, rollout.To) && !Obeys(plan, p))
            .Select(p => (p.Placement.Instance, p.Host)).Concat(plan.Leavers).ToImmutableArray();
        if (open.IsEmpty)
        {
            return true;
        }

        var (instance, host) = open[0];
        plan.Holds.Add(new Hold(
            HoldReason.WaitsForOtherSide,
            string.Create(CultureInfo.InvariantCulture,
                $"{waits}: {instance} on {host} has not said so yet"
                    + $"{(open.Length > 1 ? $", nor have {open.Length - 1} more" : "")}"),
            mend)
        { Service = rollout.Service, Instance = instance, Host = host });
        return false;
    }

    /// <summary>It has said that it answers nothing new; of an older agent, what it said last counts.</summary>
    private static bool Obeys(ServicePlan plan, PlacedOn placed) => placed.Placement.Refuse is true
        && plan.State.Facts.GetValueOrDefault(placed.Host) is { } facts
        && facts.Find(placed.Placement.Instance) is { } status
        && (facts.Description.TrafficEpochs is true && placed.Placement.TrafficEpoch is not null
            ? status.TrafficEpoch == placed.Placement.TrafficEpoch
            : status.Refuses is true || status.Pid is null);

    /// <summary>Why somebody of either side cannot be told to refuse or to accept; null when all can.</summary>
    private static string? WhyUntold(ServicePlan plan, Rollout rollout)
    {
        if (plan.Leavers.ToList() is [var leaver, ..])
        {
            return $"{leaver.Instance} has not ended on {leaver.Host}";
        }

        foreach (var placed in plan.OnHosts)
        {
            var (host, placement) = placed;
            if (plan.State.Facts.GetValueOrDefault(host) is not { Session: HostSession.Connected } facts)
            {
                return $"{host} is silent";
            }

            if (facts.Description.TrafficEpochs is true && !CanBeTold(plan, placed, rollout))
            {
                return $"{placement.Instance} on {host} cannot be told, since it says nothing to its agent";
            }
        }

        return null;
    }

    /// <summary>
    /// Its processes speak. Where none runs at this moment, what its agent heard of the last one counts, or what others of its
    /// side say: the next one begins as it is told to if its program can be told at all.
    /// </summary>
    private static bool CanBeTold(ServicePlan plan, PlacedOn placed, Rollout rollout)
    {
        var status = StatusOf(plan, placed);
        return status?.Counts is true || (status?.Pid is null && plan.OnHosts.Any(other =>
            Sides.IsOf(other, rollout.To) == Sides.IsOf(placed, rollout.To) && StatusOf(plan, other)?.Counts is true));
    }

    private static InstanceStatus? StatusOf(ServicePlan plan, PlacedOn placed) =>
        plan.State.Facts.GetValueOrDefault(placed.Host)?.Find(placed.Placement.Instance);

    /// <summary>
    /// Why the old side cannot take over; null when it can. Where it is smaller than what is wanted by now, all of it is enough:
    /// what is missing gets its release once it is back.
    /// </summary>
    private static string? WhyTooFew(ServicePlan plan, Rollout rollout)
    {
        var old = plan.OnHosts.Where(p => Sides.IsOf(p, rollout.To)).ToImmutableArray();
        var (ready, enough) = (old.Count(plan.Runs), Math.Min(Fewest(plan), Math.Max(1, old.Length + plan.Missing)));
        return ready >= enough
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{ready} of the old one are ready, and it takes {enough}");
    }

    /// <summary>So many of a side have to be ready for it to take over: one at least, unless there is to be none.</summary>
    private static int Fewest(ServicePlan plan) => plan.SideSize is var all and > 0
        ? Math.Max(1, all - plan.Service.Update.MaxUnavailable)
        : 0;
}
