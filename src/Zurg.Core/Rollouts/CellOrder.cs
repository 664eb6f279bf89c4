using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// by_cell: a release comes to one cell after another, in the spec's order. An instance that cannot have it yet, since its host
/// is silent or being prepared, leaves its turn to nobody of a later cell.
/// </summary>
internal static class CellOrder
{
    /// <summary>The rank of the last cell that may have the target by now: the one into which what is allowed reaches.</summary>
    public static int LastOpen(ServicePlan plan, Rollout rollout)
    {
        if (plan.Service.Update.ByCell is not true || rollout.Phase != RolloutPhase.Running
            || ServicePlan.IsBlueGreen(rollout) || rollout.To.RunsSameAs(rollout.From))
        {
            return int.MaxValue;
        }

        var ranks = plan.Roster.Regular.Select(p => plan.CellRank(p)).Order().ToImmutableArray();
        return ranks.IsEmpty || rollout.Allowed > ranks.Length ? int.MaxValue : ranks[Math.Max(0, rollout.Allowed - 1)];
    }
}
