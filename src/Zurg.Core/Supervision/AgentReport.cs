using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What an agent says of its host: its state as others may see it.</summary>
public static class AgentReport
{
    /// <param name="number">Grows with every report of one agent epoch.</param>
    public static HostReport Of(AgentState state, long number) => new()
    {
        Number = number,
        Applied = state.Assignment?.Generation ?? default,
        Instances = [.. state.Instances.Values.Select(StatusOf)],
        Events = [.. state.Events.Take(HostReport.EventsMax)],
    };

    public static InstanceStatus StatusOf(InstanceState s) => new()
    {
        Instance = s.Instance,
        Incarnation = s.Incarnation,
        Phase = s.Phase,
        Healthy = s.Phase == InstancePhase.Running && s.Healthy,
        Spec = s.Assigned.SpecDigest,
        Release = s.Assigned.Spec.Release,
        Restarts = s.Assigned.Restarts,
        Pid = s.HasExited ? null : s.Process?.Pid,
        StartedAt = s.StartedAt,
        Since = s.Since,
        Ports = s.Launch?.Ports ?? ImmutableSortedDictionary<PortName, int>.Empty,
        Hold = s.ShownHold,
        LastExit = s.LastExit,
        Crashes = s.Crashes,
        CrashesSinceChange = s.CrashesSinceChange,
        Prepared = s.Next is { IsReady: true } next ? next.Spec : null,
        PrepareHold = s.Next?.Hold,
        Outdated = s.Phase is InstancePhase.Starting or InstancePhase.Running ? s.RestartAsked : null,
        Refuses = s.Refuses && s.Assigned.Refuse == true ? true : null,
        TrafficEpoch = InstanceSelf.EpochOf(s),
        Counts = s.Counts || (s.Process is null && s.Spoke == s.Assigned.SpecDigest) ? true : null,
    };
}
