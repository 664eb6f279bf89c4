using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>One instance in a phase, and the moment of a step, for tests of a single decision.</summary>
internal static class InstanceWords
{
    public static readonly Incarnation One = new(1);

    public static Moment At(double seconds = 0, bool shuttingDown = false) =>
        new(AgentWords.Host, AgentWords.Start + TimeSpan.FromSeconds(seconds), new Incarnation(2), Seed: 7, shuttingDown);

    /// <summary>With the process, launch and start that an instance of this phase has.</summary>
    public static InstanceState In(InstancePhase phase, bool probe = true)
    {
        var runs = phase is InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping;
        return new InstanceState
        {
            Assigned = AgentWords.Assigned(AgentWords.Web, probe: probe),
            Incarnation = One,
            Phase = phase,
            Since = AgentWords.Start,
            Healthy = phase == InstancePhase.Running,
            Launch = runs ? AgentWords.Launch() : null,
            Process = runs ? AgentWords.Pid(1) : null,
            StartedAt = runs ? AgentWords.Start : null,
        };
    }

    public static string[] Names(this InstanceTurn turn) => [.. turn.Effects.Select(e => e.GetType().Name)];
}
