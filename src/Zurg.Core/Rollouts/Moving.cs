using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>An instance leaves a host where it may not stay, for one where it may: the next plan places it there.</summary>
internal static class Moving
{
    /// <summary>Why an instance of a service that is spread over hosts may not stay where it is; null when it may.</summary>
    public static string? Why(ServicePlan plan, PlacedOn placed)
    {
        if (plan.Service.Scale.Instances is null)
        {
            return null;
        }

        return plan.State.DrainOf(placed.Host) is { } drain ? $"{placed.Host} is being emptied by {drain.By}"
            : plan.Board.Find(placed.Host) is { Facts: not null } host && host.LackedLabel(plan.Service) is { } label
                ? $"{placed.Host} has no label {label}"
            : null;
    }

    public static void Away(ServicePlan plan, PlacedOn placed, string why)
    {
        plan.Board.Remove(placed);
        var elsewhere = plan.Service.Scale.Instances is not null && Spread.Best(plan.Board, plan.Service) is not null;
        plan.Board.Add(placed.Host, placed.Placement);
        if (elsewhere)
        {
            plan.Remove(placed, why);
            return;
        }

        plan.Holds.Add(new Hold(
            HoldReason.NoHostFits,
            $"{placed.Placement.Instance} can neither stay on {placed.Host} nor go elsewhere: {why}",
            "free what is taken on that host, add a host that fits, or change the service in cluster.yaml")
        { Service = plan.Service.Name, Instance = placed.Placement.Instance, Host = placed.Host });
    }
}
