using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A service that a person retired: what is left of it is drained and removed, though the spec may still name it.
/// </summary>
internal static class Retiring
{
    public static void Plan(ServicePlan plan)
    {
        var service = plan.Service.Name;
        foreach (var placed in plan.Board.Of(service).ToImmutableArray())
        {
            plan.Remove(placed, "its service is retired");
        }

        var retired = plan.Intent.Retired!;
        plan.Wait(
            HoldReason.Retired,
            string.Create(CultureInfo.InvariantCulture,
                $"{service} was retired by {retired.By} at {retired.At.UtcDateTime:yyyy-MM-dd HH:mm} UTC and runs no more"),
            "take it out of cluster.yaml and apply");
    }
}
