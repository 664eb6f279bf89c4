using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The one disruption budget of a service (DESIGN.md promise 6): whatever takes an instance away on purpose, a change, a move, a
/// spare that leaves, asks here. What is down for any other reason counts as away too. Lives inside one plan.
/// </summary>
internal sealed class Budget
{
    private readonly HashSet<InstanceId> _serving;
    private readonly int _least;

    /// <param name="wanted">How many instances there are to be, without spare ones.</param>
    /// <param name="placed">All of the service's, spare ones too: they stand in.</param>
    public Budget(ClusterState state, UpdatePolicy policy, int wanted, IEnumerable<PlacedOn> placed)
    {
        _serving = [.. placed.Where(p => CanServe(state, p)).Select(p => p.Placement.Instance)];
        _least = Math.Max(0, wanted - policy.MaxUnavailable);
    }

    /// <summary>
    /// Whether it serves, or would as soon as it is listed again: what is withdrawn and not yet stopped is taken anew by each
    /// plan.
    /// </summary>
    public bool Serves(PlacedOn placed) => _serving.Contains(placed.Placement.Instance);

    /// <summary>To touch what serves nobody costs nothing.</summary>
    public bool MayTake(PlacedOn placed) => !Serves(placed) || _serving.Count > _least;

    public void Take(PlacedOn placed) => _serving.Remove(placed.Placement.Instance);

    /// <summary>Consumers are told of it: ready, listed, on a host that is heard, and nothing is to end it.</summary>
    public static bool IsAvailable(ClusterState state, PlacedOn placed) =>
        placed.Placement.DrainingSince is null && CanServe(state, placed);

    private static bool CanServe(ClusterState state, PlacedOn placed)
    {
        var (host, placement) = placed;
        return placement is { Wanted: WantedPhase.Running, Unlisted: not true }
            && state.Facts.GetValueOrDefault(host) is { Session: HostSession.Connected } facts
            && facts.Find(placement.Instance) is { } status
            && status.IsReady() && placement.IsOf(status);
    }
}
