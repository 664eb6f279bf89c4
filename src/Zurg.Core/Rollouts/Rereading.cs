using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A process that goes by a generated file as it was, and reads it at its start only: it is restarted as any change is made,
/// withdrawn first and within the budget (decision 028), and as fast as that lets it, since nothing new is tried. Its agent never
/// does that by itself: a file changes on all hosts at once.
/// </summary>
/// <param name="Ends">The incarnation that is to end; a later one has read its files.</param>
/// <param name="Why">As a step says it.</param>
internal sealed record Rereading(Incarnation Ends, string Why)
{
    /// <summary>Null when nothing is to be done, or it comes with what the instance gets anyway.</summary>
    public static Rereading? Of(ServicePlan plan, PlacedOn placed)
    {
        var (host, placement) = placed;
        return placement.Wanted == WantedPhase.Running
            && plan.State.Facts.GetValueOrDefault(host)?.Find(placement.Instance) is { Outdated: { } file } status
            && status.Phase is InstancePhase.Starting or InstancePhase.Running
            && placement.IsOf(status)
                ? new Rereading(status.Incarnation, $"is restarted for {file.File}, which has changed")
                : null;
    }

    public void Do(ServicePlan plan, PlacedOn placed, Budget budget)
    {
        budget.Take(placed);
        plan.Restart(placed, Ends, Why);
    }

    /// <summary>
    /// Those on top serve for as long as the rollout lasts, and it may wait for a person for days. Once it is over they leave.
    /// What has the old release is never in line for the new one, and takes a turn only where nobody has one.
    /// </summary>
    public static IEnumerable<PlacedOn> OfSpares(ServicePlan plan, Rollout rollout)
    {
        var nobodysTurn = plan.RoomIn(rollout) <= 0;
        return rollout.Phase == RolloutPhase.Completed ? [] : plan.Roster.Surplus.Where(
            p => (plan.Has(p, rollout.To) || (nobodysTurn && plan.Has(p, rollout.From)))
                && Of(plan, p) is not null && Moving.Why(plan, p) is null);
    }
}
