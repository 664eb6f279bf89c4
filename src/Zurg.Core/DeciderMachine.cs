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

        RemoveDeparted(board, applied, steps);
        var plans = (applied.Leaving ?? []).Select(l => l.Service).Concat(applied.Spec.Services)
            .Select(service => new ServicePlan(at, board, service, applied)).ToImmutableArray();
        Promises.Make(plans);
        var rollouts = ImmutableSortedDictionary.CreateBuilder<ServiceName, Rollout?>();
        foreach (var plan in plans)
        {
            var before = state.Rollouts.GetValueOrDefault(plan.Service.Name);
            if (PlanService(plan) is { } rollout && rollout != before)
            {
                rollouts[rollout.Service] = rollout;
            }

            plan.ListTheRest();
        }

        rollouts.AddRange(state.Rollouts.Keys.Where(s => applied.Spec.Find(s) is null && board.Of(s).Count == 0)
            .Select(s => KeyValuePair.Create(s, (Rollout?)null)));
        return new Plan
        {
            Steps = [.. steps, .. plans.SelectMany(p => p.Steps)],
            Holds = [.. holds.Concat(plans.SelectMany(p => p.Holds)).Concat(Waits(state, board)).Distinct()],
            Placements = [.. board.Changed()],
            Rollouts = rollouts.ToImmutable(),
            Unasked = at.Actions.Changed,
            News = [.. plans.SelectMany(p => p.News)],
            WakeAt = plans.Min(p => p.WakeAt),
        };
    }

    /// <returns>The service's rollout as it is by now; null when it has none yet, or it cannot be read.</returns>
    private static Rollout? PlanService(ServicePlan plan)
    {
        var service = plan.Service.Name;
        if (plan.Applied.FindLeaving(service) is { } leaving)
        {
            Leaving.Plan(plan, leaving);
            return null;
        }

        if (plan.State.Unreadable.ContainsKey(StoreKeys.Rollout(service))
            || plan.State.Unreadable.ContainsKey(StoreKeys.Intent(service)))
        {
            return null;   // the hold of what cannot be read says so
        }

        if (plan.Intent.Retired is not null)
        {
            Retiring.Plan(plan);
            return null;
        }

        if (RolloutMachine.Next(plan) is not { } rollout)
        {
            return null;
        }

        Scaling.Plan(plan, rollout);
        Changing.Plan(plan, rollout);
        return rollout;
    }

    /// <summary>
    /// Without a drain: of a service that left the spec before services were remembered as leaving, nobody knows the policies.
    /// </summary>
    private static void RemoveDeparted(Board board, AppliedSpec applied, List<Step> steps)
    {
        foreach (var service in board.Services.Where(s => applied.FindLast(s) is null).ToImmutableArray())
        {
            foreach (var placed in board.Of(service).ToImmutableArray())
            {
                board.Remove(placed);
                steps.Add(new Step.Remove(placed.Placement.Instance, placed.Host, "its service has left the spec"));
            }
        }
    }

    /// <summary>
    /// What was decided, by this very plan too, and has not come true on the hosts yet. What is withdrawn has a hold of its own.
    /// </summary>
    private static IEnumerable<Hold> Waits(ClusterState state, Board board)
    {
        foreach (var service in board.Services.ToImmutableArray())
        {
            foreach (var placed in board.Of(service).Where(p => p.Placement.DrainingSince is null && !state.IsLost(p.Host)))
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
