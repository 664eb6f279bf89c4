using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What people are shown while the agent's journal cannot be written: nothing of a step is done before it is kept, so whatever
/// does not run waits for that. Never kept: it is over as soon as something can be.
/// </summary>
public static class JournalHold
{
    /// <param name="problem">What the write was answered.</param>
    public static Hold Of(HostId host, string problem) => new(
        HoldReason.JournalStuck,
        $"the journal of {host} cannot be written, and nothing is started or stopped there before it can: {problem}",
        $"make room on the disk of the agent's directory on {host}, or see its log for what else is wrong")
    {
        Host = host,
    };

    /// <summary>On each instance that is not just running; what held it before does not matter now.</summary>
    public static AgentState Show(AgentState state, Hold hold) => state with
    {
        Instances = state.Instances.ToImmutableSortedDictionary(
            i => i.Key,
            i => i.Value is { Phase: InstancePhase.Running, Healthy: true }
                ? i.Value
                : i.Value with { Hold = hold with { Service = i.Key.Service, Instance = i.Key } }),
    };
}
