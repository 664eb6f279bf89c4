using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The decider's brain: everything known in, what to commit and what to wait for out. It has no memory of its own, so any server
/// can compute the holds that a person sees, and a new decider goes on where the old one ended.
/// </summary>
public static class DeciderMachine
{
    public static Plan Decide(ClusterState state, NamingState naming, DateTimeOffset now)
    {
        var at = new Planning(state, naming, now);
        var board = new Board(state);
        var steps = new List<Step>();
        var holds = new List<Hold>(state.Unreadable.Select(Unreadable));
        if (state.Applied is not { } applied || state.Unreadable.ContainsKey(StoreKeys.CurrentSpec))
        {
            return new Plan { Holds = [.. holds] };
        }

        DateTimeOffset? wake = null;
        RemoveDeparted(board, applied.Spec, steps);
        foreach (var service in applied.Spec.Services)
        {
            var plan = new ServicePlan(at, board, service, applied);
            PlanService(plan);
            plan.ListTheRest();
            steps.AddRange(plan.Steps);
            holds.AddRange(plan.Holds);
            wake = wake < plan.WakeAt ? wake : plan.WakeAt ?? wake;
        }

        holds.AddRange(Waits(state, board));
        return new Plan
        {
            Steps = [.. steps],
            Holds = [.. holds.Distinct()],
            Placements = [.. board.Changed()],
            WakeAt = wake,
        };
    }

    private static void PlanService(ServicePlan plan)
    {
        var spec = plan.Service.Instance;
        if (!plan.State.Releases.ContainsKey(spec.Release))
        {
            plan.Wait(
                HoldReason.ReleaseMissing,
                $"{plan.Service.Name} waits for release {spec.Release}, which was never pushed",
                $"zurg release push {spec.Release.Name} {spec.Release.Version} DIR");
            return;
        }

        Scaling.Plan(plan);
        OneByOne.Plan(plan);
    }

    /// <summary>
    /// Without a drain: a service that has left the spec has no endpoint that its consumers could go to instead.
    /// </summary>
    private static void RemoveDeparted(Board board, ClusterSpec spec, List<Step> steps)
    {
        foreach (var service in board.Services.Where(s => spec.Find(s) is null).ToImmutableArray())
        {
            foreach (var placed in board.Of(service).ToImmutableArray())
            {
                board.Remove(placed);
                steps.Add(new Step.Remove(placed.Placement.Instance, placed.Host, "its service has left the spec"));
            }
        }
    }

    /// <summary>
    /// What was decided and has not come true yet: on the hosts, not on the board, and only where no step has just been made.
    /// </summary>
    private static IEnumerable<Hold> Waits(ClusterState state, Board board)
    {
        foreach (var service in board.Services.ToImmutableArray())
        {
            foreach (var placed in board.Of(service).Where(p => p.Placement.DrainingSince is null))
            {
                if (Readiness.WhyNot(state, placed) is { } hold)
                {
                    yield return hold;
                }
            }
        }

        foreach (var facts in state.Facts.Values)
        {
            var placed = board.Find(facts.Host)?.Placements.Select(p => p.Instance).ToImmutableSortedSet() ?? [];
            foreach (var status in facts.Instances.Where(i => !placed.Contains(i.Instance)))
            {
                yield return Readiness.StillThere(facts, status);
            }
        }
    }

    private static Hold Unreadable(KeyValuePair<string, string> key) => new(
        HoldReason.Unreadable,
        $"{key.Key} in the store cannot be read by this build: {key.Value}",
        "it was written by a newer Zurg, or damaged: run the newer build, or restore a backup");
}
