using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What lost hosts had: it leaves them without a drain, since nobody there can be asked, and the next plan places it where it
/// fits. What fits nowhere else, or belongs to just that host, keeps its place: should the host come back, it goes on there.
/// </summary>
internal static class Losing
{
    public static void Plan(ServicePlan plan)
    {
        foreach (var spare in plan.Roster.Surplus.Where(p => plan.State.IsLost(p.Host)))
        {
            plan.Remove(spare, WhyLost(plan.State, spare.Host));
        }

        if (plan.Service.Scale.Instances is null)
        {
            foreach (var pinned in plan.Roster.Lost)
            {
                plan.Holds.Add(Stays(plan, pinned, "its spec names just that host", "take it out of hosts: in cluster.yaml"));
            }

            return;
        }

        // Each is promised the room that it will have, so that no more leave than fit elsewhere. The placing is the next plan's:
        // of one plan's commits any may be the last one, and an instance is never on two hosts.
        foreach (var placed in plan.Roster.Lost)
        {
            plan.Board.Remove(placed);
            var fits = Promises.TryMake(plan, placed.Placement.Instance);
            plan.Board.Add(placed.Host, placed.Placement);
            if (!fits)
            {
                var nowhere = $"it fits nowhere else: {Spread.WhyNowhere(plan.Board, plan.Service)}";
                plan.Holds.Add(Stays(plan, placed, nowhere, "add a host that fits, or change the service in cluster.yaml"));
                continue;
            }

            plan.Remove(placed, WhyLost(plan.State, placed.Host));
        }
    }

    public static string WhyLost(ClusterState state, HostId host) => $"{host} is lost, {state.LossOf(host)}";

    private static Hold Stays(ServicePlan plan, PlacedOn placed, string why, string mend)
    {
        var since = plan.State.Facts[placed.Host].SessionSince;
        return placed.HoldOf(
            HoldReason.HostLost,
            string.Create(CultureInfo.InvariantCulture,
                $"{placed.Placement.Instance} runs nowhere: {placed.Host} has been lost since {since.UtcDateTime:HH:mm:ss} UTC, "
                    + $"{plan.State.LossOf(placed.Host)}, and {why}"),
            $"{mend}; or start the agent of {placed.Host} again");
    }
}
