using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>
/// What this host knows of its own instances before any message about them has left: a dead one is hidden at once.
/// </summary>
internal sealed record OwnInstances(HostId Host, ImmutableSortedDictionary<InstanceId, InstanceState> Instances)
{
    public EndpointSet Filter(EndpointSet set) =>
        set.Endpoints.Any(IsGone) ? set with { Endpoints = [.. set.Endpoints.Where(e => !IsGone(e))] } : set;

    /// <summary>
    /// Known to have ended, or to be ending. A bad probe alone is the master's to judge, and an agent that was just restarted has
    /// not asked a probe yet: only facts remove (DESIGN.md promise 7).
    /// </summary>
    private bool IsGone(Endpoint endpoint) =>
        endpoint.Host == Host
        && (!Instances.TryGetValue(endpoint.Instance, out var own)
            || own.Incarnation.Value > endpoint.Incarnation.Value
            || (own.Incarnation == endpoint.Incarnation && (own.HasExited || IsOver(own.Phase))));

    private static bool IsOver(InstancePhase phase) => phase switch
    {
        InstancePhase.Waiting or InstancePhase.Preparing or InstancePhase.Stopping or InstancePhase.Stopped => true,
        InstancePhase.Unknown or InstancePhase.Starting or InstancePhase.Running => false,
    };
}
