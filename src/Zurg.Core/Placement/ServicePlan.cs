using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What one plan knows of one service while it is being made: what is wanted of each instance, and the steps and holds so far.
/// Lives inside one call of the decider.
/// </summary>
internal sealed class ServicePlan(ClusterState state, Board board, ServiceSpec service, AppliedSpec applied)
{
    private readonly ServiceIntent _intent = state.IntentOf(service.Name);

    public ClusterState State => state;

    public Board Board => board;

    public ServiceSpec Service => service;

    public List<Step> Steps { get; } = [];

    public List<Hold> Holds { get; } = [];

    public bool Stopped => _intent.Stopped;

    /// <summary>The placement that an instance is to have by now.</summary>
    public Placement Wanted(InstanceId instance) => new(
        instance, applied.DigestOf(instance), _intent.RestartsOf(instance),
        _intent.Stopped ? WantedPhase.Stopped : WantedPhase.Running);

    public bool IsCurrent(PlacedOn placed) => placed.Placement == Wanted(placed.Placement.Instance);

    public void Place(InstanceId instance, HostId host)
    {
        board.Add(host, Wanted(instance));
        Steps.Add(new Step.Place(instance, host));
    }

    public void Remove(PlacedOn placed, string why)
    {
        board.Remove(placed);
        Steps.Add(new Step.Remove(placed.Placement.Instance, placed.Host, why));
    }

    public void Change(PlacedOn placed, string why)
    {
        board.Replace(placed, Wanted(placed.Placement.Instance));
        Steps.Add(new Step.Change(placed.Placement.Instance, placed.Host, why));
    }

    public void Wait(HoldReason reason, string text, string? mend = null) =>
        Holds.Add(new Hold(reason, text, mend) { Service = service.Name });
}
