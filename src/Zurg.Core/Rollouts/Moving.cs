using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>An instance leaves a host where it may not stay, for one where it may: the next plan places it there.</summary>
internal static class Moving
{
    /// <summary>Why an instance of a service that is spread over hosts may not stay where it is; null when it may.</summary>
    public static string? Why(ServicePlan plan, PlacedOn placed) => plan.Service.Scale.Instances is null
        ? null
        : Roster.WhyNotStay(plan.State, plan.Board, plan.Service, placed.Host);

    /// <summary>Why it cannot be changed where it is; null when it can, also on a host that is being emptied.</summary>
    public static string? WhyMisfit(ServicePlan plan, PlacedOn placed)
    {
        plan.Board.Remove(placed);
        var why = plan.Board.Find(placed.Host)!.WhyNot(plan.Service);
        plan.Board.Add(placed.Host, placed.Placement);
        return why is null ? null : $"it fits there no more: {why}";
    }

    /// <summary>Asked before anything is taken away. The host that one of them has to leave is never among the others.</summary>
    public static bool HasElsewhere(ServicePlan plan) =>
        plan.Service.Scale.Instances is not null && plan.Board.Hosts.Any(h => h.WhyNotNew(plan.Service) is null);

    /// <summary>
    /// How many of those that have to move may do so though there is no room for them: spare ones serve in their place. Where
    /// just one more fits, the spare one has it. A blue-green change has both sides, and none to spare.
    /// </summary>
    public static int StandIns(ServicePlan plan, Rollout rollout, Budget budget) => ServicePlan.IsBlueGreen(rollout) ? 0
        : plan.Roster.Surplus.Count(p => budget.Serves(p) && Why(plan, p) is null) - Promises.Without(plan).Count();

    public static Hold Nowhere(ServicePlan plan, PlacedOn placed, string why) => placed.HoldOf(
        HoldReason.NoHostFits,
        $"{placed.Placement.Instance} can neither stay on {placed.Host} nor go elsewhere: {why}",
        plan.State.DrainOf(placed.Host) is null
            ? "free what is taken on that host, add a host that fits, or change the service in cluster.yaml"
            : $"add a host that fits, or let it stay: zurg undrain {placed.Host}");
}
