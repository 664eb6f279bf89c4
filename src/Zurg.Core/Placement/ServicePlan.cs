using System.Collections.Immutable;
using System.Diagnostics;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What one plan knows of one service while it is being made: what is wanted of each instance, and the steps and holds so far.
/// Every planned stop goes through it, so none is made before its consumers have let go. Lives inside one call of the decider.
/// </summary>
internal sealed partial class ServicePlan(Planning at, Board board, ServiceSpec service, AppliedSpec applied)
{
    private readonly HashSet<InstanceId> _draining = [];
    private readonly ImmutableSortedSet<int> _placedBefore = [.. board.Of(service.Name).Select(p => p.Placement.Instance.Index)];

    public ClusterState State => at.State;

    public NamingState Naming => at.Naming;

    public DateTimeOffset Now => at.Now;

    /// <summary>When what this plan places or changes was: never before its rollout, whatever a clock says.</summary>
    private DateTimeOffset Since =>
        State.Rollouts.GetValueOrDefault(service.Name) is { } rollout && rollout.StartedAt > Now ? rollout.StartedAt : Now;

    public Board Board => board;

    public ServiceSpec Service => service;

    public AppliedSpec Applied => applied;

    public ServiceIntent Intent { get; } = at.State.IntentOf(service.Name);

    public List<Step> Steps { get; } = [];

    public List<Hold> Holds { get; } = [];

    public List<RolloutNews> News { get; } = [];

    /// <summary>When to plan again though nothing has changed; null: never.</summary>
    public DateTimeOffset? WakeAt { get; private set; }

    public bool Stopped => Intent.Stopped;

    public WantedPhase Phase => Intent.Stopped ? WantedPhase.Stopped : WantedPhase.Running;

    /// <summary>As the board is by now.</summary>
    public Roster Roster => Roster.Of(State, board, service);

    /// <summary>What is to run, wherever it is, but on lost hosts: all that may meet a consumer.</summary>
    public IEnumerable<PlacedOn> OnHosts => board.Of(service.Name)
        .Where(p => p.Placement.Wanted == WantedPhase.Running && !State.IsLost(p.Host));

    /// <summary>Those that are placed no more and have not ended yet.</summary>
    public IEnumerable<(InstanceId Instance, HostId Host)> Leavers =>
        at.Leaving.Where(l => l.Key.Service == service.Name).Select(l => (l.Key, l.Value));

    public void Place(InstanceId instance, HostId host, RolloutTarget target, bool unlisted = false)
    {
        board.Add(host, new Placement(instance, target.DigestOf(instance), RestartsOf(target, instance), Phase, Since: Since)
        {
            Unlisted = unlisted ? true : null,

            // What the host was told before has it no more: its agent is about to stop it, though it may not know that yet.
            Ends = State.Placements.ContainsKey(host) ? EndsOf(host, instance) : null,
        });
        Steps.Add(new Step.Place(instance, host));
    }

    /// <summary>
    /// Which other host an instance has to be gone from before it may be started on this one; null when it may be now. An
    /// instance is one thing, with an index that a program may take for its shard: there are never two of it on purpose.
    /// </summary>
    public HostId? LeavesFirst(InstanceId instance, HostId host) =>
        at.Leaving.TryGetValue(instance, out var other) && other != host ? other : null;

    /// <summary>It is placed nowhere, or elsewhere, and has not ended yet where it was.</summary>
    public bool IsLeaving(InstanceId instance) => at.Leaving.ContainsKey(instance);

    /// <summary>
    /// Indexes that an instance has, or had before this plan: what it removes is on its host until that is told, and of its
    /// commits any may be the last one.
    /// </summary>
    public ImmutableSortedSet<int> TakenIndexes =>
        _placedBefore.Union(board.Of(service.Name).Select(p => p.Placement.Instance.Index));

    /// <summary>The smallest index from this one on that no instance has, and none has had that is not gone yet.</summary>
    public InstanceId NextInstance(HostId host, int first = 0)
    {
        var taken = TakenIndexes;
        return Enumerable.Range(first, int.MaxValue - first).Where(i => !taken.Contains(i))
            .Select(i => new InstanceId(service.Name, i)).First(i => LeavesFirst(i, host) is null);
    }

    public void Remove(PlacedOn placed, string why)
    {
        if (LetGo(placed, why) is { } said)
        {
            board.Remove(placed);
            Steps.Add(new Step.Remove(placed.Placement.Instance, placed.Host, said));
        }
    }

    public void Change(PlacedOn placed, RolloutTarget target, string why)
    {
        if (LetGo(placed, why) is { } said)
        {
            var old = placed.Placement;
            board.Replace(placed, new Placement(
                old.Instance, target.DigestOf(old.Instance), RestartsOf(target, old.Instance), Phase, Since: Since)
            {
                Unlisted = old.Unlisted,
                Ends = EndsOf(placed.Host, old.Instance) ?? old.Ends,
            });
            Steps.Add(new Step.Change(old.Instance, placed.Host, said));
        }
    }

    /// <summary>Ends this incarnation, so that the next one reads its files.</summary>
    public void Restart(PlacedOn placed, Incarnation ends, string why)
    {
        if (LetGo(placed, why) is { } said)
        {
            board.Replace(placed, placed.Placement with { Ends = ends, DrainingSince = null, Since = Since });
            Steps.Add(new Step.Change(placed.Placement.Instance, placed.Host, said));
        }
    }

    /// <summary>Shows it to consumers, or hides it from them; says whether it is to answer them. It is not touched.</summary>
    public void List(PlacedOn placed, bool unlisted, bool refuse, string why)
    {
        var old = placed.Placement;
        board.Replace(placed, old with
        {
            Unlisted = unlisted ? true : null,
            Refuse = refuse ? true : null,
            TrafficEpoch = refuse == old.Refuse is true
                ? old.TrafficEpoch
                : Math.Max(State.Revision.Value, old.TrafficEpoch ?? 0) + 1,
            DrainingSince = null,
        });
        Steps.Add(new Step.Change(placed.Placement.Instance, placed.Host, why));
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

    /// <summary>The spec itself does not name the host: that is a person's word.</summary>
    public bool IsAsked(HostId host) => !service.Scale.Hosts.IsEmpty && !service.Scale.Hosts.Contains(host);

    /// <summary>Whether it may be withdrawn by now though nobody asked for it; a hold says when not.</summary>
    public bool MayDisplace(PlacedOn placed, string why)
    {
        if (State.DrainOf(placed.Host) is not null || State.IsLost(placed.Host) || at.Actions.TryTake(placed))
        {
            return true;
        }

        Holds.Add(at.Actions.Hold(placed, why));
        WakeBy(at.Actions.Until!.Value);
        return false;
    }

    public void Wait(HoldReason reason, string text, string? mend = null) =>
        Holds.Add(new Hold(reason, text, mend) { Service = service.Name });

    public void WakeBy(DateTimeOffset time) => WakeAt = WakeAt < time ? WakeAt : time;

    public void Tell(EventKind kind, string text) => News.Add(new RolloutNews(service.Name, kind, text));

    /// <summary>
    /// What runs was let go of, and ends also when the next word asks for just what it is before its agent has heard this one:
    /// listed again, it would be stopped while it is used.
    /// </summary>
    private Incarnation? EndsOf(HostId host, InstanceId instance) =>
        State.Facts.GetValueOrDefault(host) is { Description.EndsIncarnations: true } facts
        && facts.Find(instance) is { Phase: InstancePhase.Starting or InstancePhase.Running } status
            ? status.Incarnation
            : null;

    /// <returns>Why it stops now, in words; null when it may not yet: a step or a hold says what comes first.</returns>
    private string? LetGo(PlacedOn placed, string why)
    {
        if (_draining.Contains(placed.Placement.Instance))
        {
            return null;   // this very plan withdraws it, or waits: what is confirmed by now is about an older set
        }

        switch (Draining.Judge(State, Naming, placed, service.Stop.DrainLimit, Now))
        {
            case DrainVerdict.Over(var late):
                return late is null ? why : $"{why}, though {late}";
            case DrainVerdict.Begin:
                _draining.Add(placed.Placement.Instance);
                board.Replace(placed, placed.Placement with { DrainingSince = Now });
                Steps.Add(new Step.Drain(placed.Placement.Instance, placed.Host, why));
                return null;
            case DrainVerdict.Wait(var hold, var until):
                _draining.Add(placed.Placement.Instance);
                Holds.Add(hold);
                WakeBy(until);
                return null;
            default:
                throw new UnreachableException();
        }
    }
}

/// <summary>What one plan is made from.</summary>
internal sealed record Planning(ClusterState State, NamingState Naming, DateTimeOffset Now)
{
    /// <summary>One for all services of the plan.</summary>
    public ActionBudget Actions { get; } = new(State, Now);

    /// <summary>
    /// Where instances are by their hosts' reports though they are placed there no more: their processes run until they have
    /// stopped. A lost host has none.
    /// </summary>
    public ImmutableSortedDictionary<InstanceId, HostId> Leaving => field ??= State.Facts.Values
        .Where(facts => facts.Session != HostSession.Lost)
        .SelectMany(facts => facts.Instances.Select(i => i.Instance)
            .Except(State.Placements.GetValueOrDefault(facts.Host)?.Instances.Select(p => p.Instance) ?? [])
            .Select(instance => (Instance: instance, facts.Host)))
        .DistinctBy(leaving => leaving.Instance)
        .ToImmutableSortedDictionary(leaving => leaving.Instance, leaving => leaving.Host);
}
