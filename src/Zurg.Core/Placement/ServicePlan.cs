using System.Diagnostics;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What one plan knows of one service while it is being made: what is wanted of each instance, and the steps and holds so far.
/// Every planned stop goes through it, so none is made before its consumers have let go. Lives inside one call of the decider.
/// </summary>
internal sealed class ServicePlan(Planning at, Board board, ServiceSpec service, AppliedSpec applied)
{
    private readonly ServiceIntent _intent = at.State.IntentOf(service.Name);
    private readonly HashSet<InstanceId> _leaving = [];
    private readonly HashSet<InstanceId> _draining = [];

    public ClusterState State => at.State;

    public NamingState Naming => at.Naming;

    public Board Board => board;

    public ServiceSpec Service => service;

    public List<Step> Steps { get; } = [];

    public List<Hold> Holds { get; } = [];

    /// <summary>When to plan again though nothing has changed; null: never.</summary>
    public DateTimeOffset? WakeAt { get; private set; }

    public bool Stopped => _intent.Stopped;

    /// <summary>The placement that an instance is to have by now.</summary>
    public Placement Wanted(InstanceId instance) => new(
        instance, applied.DigestOf(instance), _intent.RestartsOf(instance),
        _intent.Stopped ? WantedPhase.Stopped : WantedPhase.Running);

    /// <summary>It has all that it is to have, listed or not.</summary>
    public bool IsCurrent(PlacedOn placed) =>
        placed.Placement with { DrainingSince = null } == Wanted(placed.Placement.Instance);

    public void Place(InstanceId instance, HostId host)
    {
        board.Add(host, Wanted(instance));
        Steps.Add(new Step.Place(instance, host));
    }

    public void Remove(PlacedOn placed, string why)
    {
        if (LetGo(placed, why) is { } said)
        {
            board.Remove(placed);
            Steps.Add(new Step.Remove(placed.Placement.Instance, placed.Host, said));
        }
        else
        {
            _leaving.Add(placed.Placement.Instance);
        }
    }

    /// <summary>It is to leave later, and as it is: until then it serves.</summary>
    public void Stay(PlacedOn leaving) => _leaving.Add(leaving.Placement.Instance);

    /// <summary>What does not leave.</summary>
    public IEnumerable<PlacedOn> Staying => board.Of(service.Name).Where(p => !_leaving.Contains(p.Placement.Instance));

    public void Change(PlacedOn placed, string why)
    {
        if (LetGo(placed, why) is { } said)
        {
            board.Replace(placed, Wanted(placed.Placement.Instance));
            Steps.Add(new Step.Change(placed.Placement.Instance, placed.Host, said));
        }
    }

    /// <summary>
    /// Lists again whatever was withdrawn before and is not to be stopped by this plan: what it was drained for is over, has to
    /// wait for its turn, or cannot be done. Nothing stays withdrawn that nobody goes on with.
    /// </summary>
    public void ListTheRest()
    {
        foreach (var placed in board.Of(service.Name).ToList())
        {
            var placement = placed.Placement;
            if (placement.DrainingSince is not null && !_draining.Contains(placement.Instance))
            {
                board.Replace(placed, placement with { DrainingSince = null });
                Steps.Add(new Step.Change(placement.Instance, placed.Host, "is listed again: it is not to be stopped now"));
            }
        }
    }

    public void Wait(HoldReason reason, string text, string? mend = null) =>
        Holds.Add(new Hold(reason, text, mend) { Service = service.Name });

    /// <returns>Why it stops now, in words; null when it may not yet: a step or a hold says what comes first.</returns>
    private string? LetGo(PlacedOn placed, string why)
    {
        switch (Draining.Judge(State, Naming, placed, service.Stop.DrainLimit, at.Now))
        {
            case DrainVerdict.Over(var late):
                return late is null ? why : $"{why}, though {late}";
            case DrainVerdict.Begin:
                _draining.Add(placed.Placement.Instance);
                board.Replace(placed, placed.Placement with { DrainingSince = at.Now });
                Steps.Add(new Step.Drain(placed.Placement.Instance, placed.Host, why));
                return null;
            case DrainVerdict.Wait(var hold, var until):
                _draining.Add(placed.Placement.Instance);
                Holds.Add(hold);
                WakeAt = WakeAt < until ? WakeAt : until;
                return null;
            default:
                throw new UnreachableException();
        }
    }
}

/// <summary>What one plan is made from.</summary>
internal sealed record Planning(ClusterState State, NamingState Naming, DateTimeOffset Now);
