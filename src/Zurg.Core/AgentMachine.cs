using System.Diagnostics;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The agent's brain: what one host must run, what its hands say, what time it is in; what to keep, do and say out. The same
/// inputs at the same times give the same commits.
/// </summary>
public static class AgentMachine
{
    /// <summary>
    /// To be stepped at least each second (a Tick when there is nothing else): a longer gap is taken for a clock that jumped, and
    /// timers stand still in it.
    /// </summary>
    public static AgentCommit Step(AgentState state, AgentInput input, DateTimeOffset now)
    {
        var draft = new AgentDraft(state, now);
        switch (input)
        {
            case AgentInput.Begun begun:
                Begin(draft, begun);
                break;
            case AgentInput.Tick:
                SettleAll(draft);
                break;
            case AgentInput.Assigned assigned:
                Assign(draft, assigned.Assignment);
                break;
            case AgentInput.EventsKept kept:
                draft.DropEvents(kept.Number);
                break;
            case AgentInput.Happened happened:
                draft.Tell(happened.Kind, happened.Text, happened.Instance);
                break;
            case AgentInput.ShutDown:
                ShutDown(draft);
                break;
            case AgentInput.Found found:
                Found(draft, found);
                break;
            case AgentInput.NextChecked heard:
                draft.Turn(heard.Instance, (s, m) => InstanceNext.Heard(s, heard, m).Then(n => InstanceMachine.Settle(n, m)));
                break;
            case AgentInput.OfInstance heard:
                draft.Turn(heard.Instance, (s, m) => InstanceMachine.Step(s, heard, m));
                break;
            default:
                throw new UnreachableException();
        }

        return draft.Finish();
    }

    /// <summary>
    /// Takes up what an earlier run left, then its last assignment: a host that was rebooted needs no master to start.
    /// </summary>
    private static void Begin(AgentDraft draft, AgentInput.Begun begun)
    {
        var state = draft.State;
        var newest = state.Instances.Values.Select(i => i.Incarnation).Concat(begun.Survivors.Select(f => f.Incarnation))
            .Append(state.LastIncarnation).Max();
        draft.Change(state with
        {
            ShuttingDown = false,
            LastEvent = Math.Max(state.LastEvent, begun.Epoch.Value * AgentState.EventsPerEpoch),
            LastIncarnation = newest,
        });
        Strays.Sort(draft, begun.Survivors);
        draft.Tell(
            EventKind.AgentStarted,
            $"the agent of {state.Host} started with {state.Instances.Count} instances in its journal"
                + Strays.Words(draft.State.Strays));
        foreach (var instance in state.Instances.Keys)
        {
            draft.Turn(instance, (s, m) => InstanceAdoption.Begin(s with { Next = null }, m));
        }

        var sought = draft.State.Instances.Where(i => IsSought(i.Value)).Select(i => i.Key);
        draft.Change(draft.State with { Sought = [.. sought] });
        if (state.Assignment is { } assignment)
        {
            Assign(draft, assignment);
        }

        SettleAll(draft);
    }

    private static bool IsSought(InstanceState s) =>
        s.Phase is InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping && s.KilledAt is null;

    private static void Assign(AgentDraft draft, Assignment assignment)
    {
        // Refused: an older word, somebody else's, or one that comes while everything ends.
        if (assignment.Generation < draft.State.Assignment?.Generation
            || assignment.Host != draft.State.Host
            || draft.State.ShuttingDown)
        {
            return;
        }

        draft.TakeOver(assignment);
        var assigned = assignment.Instances.DistinctBy(i => i.Instance).ToDictionary(i => i.Instance);
        foreach (var instance in draft.State.Instances.Keys.Where(i => !assigned.ContainsKey(i)))
        {
            draft.Turn(instance, InstanceAssign.Leave);
        }

        Strays.TakeIn(draft, assignment);
        foreach (var (instance, word) in assigned.OrderBy(i => i.Key))
        {
            if (!draft.State.Instances.ContainsKey(instance))
            {
                draft.Add(word);
            }
            else
            {
                draft.Turn(instance, (s, m) => InstanceAssign.Change(s, word, m));
            }
        }

        SettleAll(draft);
    }

    private static void ShutDown(AgentDraft draft)
    {
        draft.Change(draft.State with { ShuttingDown = true });
        foreach (var instance in draft.State.Instances.Keys)
        {
            draft.Turn(instance, (s, m) => InstanceAssign.ShutDown(s, m).Then(next => InstanceMachine.Settle(next, m)));
        }
    }

    private static void Found(AgentDraft draft, AgentInput.Found found)
    {
        if (draft.State.Sought.Contains(found.Instance))
        {
            draft.Turn(found.Instance, (s, m) => InstanceMachine.Step(s, found, m));
            draft.Change(draft.State with { Sought = draft.State.Sought.Remove(found.Instance) });
        }
    }

    private static void SettleAll(AgentDraft draft)
    {
        foreach (var instance in draft.State.Instances.Keys)
        {
            draft.Turn(instance, InstanceMachine.Settle);
        }
    }
}
