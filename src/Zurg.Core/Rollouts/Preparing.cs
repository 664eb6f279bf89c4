using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What serves is not taken away before its host has everything that comes after: the release fetched and verified, the program
/// found. What is withdrawn for something else by then serves on, and is listed again meanwhile. An agent that cannot prepare (an
/// older build) is not waited for.
/// </summary>
internal static class Preparing
{
    public static Hold? WhyNot(ServicePlan plan, PlacedOn placed, RolloutTarget target, Budget budget)
    {
        var (host, placement) = placed;
        var facts = plan.State.Facts.GetValueOrDefault(host);
        var digest = target.DigestOf(placement.Instance);
        if (facts?.Description.Prepares is not true || !budget.Serves(placed) || placement.Spec == digest
            || facts.Find(placement.Instance) is not { } status || status.Prepared == digest)
        {
            return null;
        }

        return placed.HoldOf(
            HoldReason.WaitsForPrepare,
            $"{placement.Instance} goes on as it is until {host} has {target.Release.Version} ready"
                + (status.PrepareHold is { } hold ? $": {hold.Text}" : ""),
            status.PrepareHold?.Mend);
    }
}
