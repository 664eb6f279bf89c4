using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What is left of a service that was taken out of the spec: drained and removed like in any planned stop.</summary>
internal static class Leaving
{
    public static void Plan(ServicePlan plan, LeavingService leaving)
    {
        foreach (var placed in plan.Board.Of(plan.Service.Name).ToImmutableArray())
        {
            plan.Remove(placed, $"{leaving.By} took its service out of the spec");
        }
    }
}
