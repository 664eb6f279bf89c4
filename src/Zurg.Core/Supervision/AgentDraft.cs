using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One step's commit while it is being made: the turns of its instances are put together here, in their order.</summary>
internal sealed class AgentDraft(AgentState state, DateTimeOffset now)
{
    private readonly ImmutableArray<AgentEffect>.Builder _effects = ImmutableArray.CreateBuilder<AgentEffect>();
    private readonly ImmutableArray<EventRecord>.Builder _events = ImmutableArray.CreateBuilder<EventRecord>();

    private Assignment? _assignment;
    private long? _eventsKept;
    private bool _reportNow;

    public AgentState State { get; private set; } = ClockGuard.Adjust(state, now);

    public Moment Moment => new(State.Host, now, State.LastIncarnation.Next, State.Seed, State.ShuttingDown);

    public void Change(AgentState changed) => State = changed;

    public void TakeOver(Assignment assignment)
    {
        _assignment = assignment.Generation == State.Assignment?.Generation ? null : assignment;
        _reportNow |= _assignment is not null;
        State = State with { Assignment = assignment };
    }

    public void Turn(InstanceId instance, Func<InstanceState, Moment, InstanceTurn> step)
    {
        if (State.Instances.TryGetValue(instance, out var old))
        {
            Take(instance, old, step(old, Moment));
        }
    }

    public void Add(AssignedInstance assigned) => Take(assigned.Instance, old: null, InstanceAssign.New(assigned, Moment));

    /// <summary>Puts in what the journal has no record of.</summary>
    public void TakeIn(InstanceId instance, Func<Moment, InstanceTurn> make)
    {
        Take(instance, old: null, make(Moment));
        Change(State with { Sought = State.Sought.Add(instance), Unproven = State.Unproven.Add(instance) });
    }

    /// <summary>Takes out a record that is of no use any more.</summary>
    public void Drop(InstanceId instance) => State = State with { Instances = State.Instances.Remove(instance) };

    /// <summary>An effect that is no instance's of this state.</summary>
    public void Do(AgentEffect effect) => _effects.Add(effect);

    public void Tell(EventKind kind, string text, InstanceId? instance = null) => Tell(new InstanceNews(kind, text), instance);

    private void Tell(InstanceNews news, InstanceId? instance)
    {
        var record = new EventRecord
        {
            Id = State.LastEvent + 1,
            At = now,
            Kind = news.Kind,
            Service = instance?.Service,
            Instance = instance,
            Host = State.Host,
            Text = news.Text,
            Start = news.Start,
            Exit = news.Exit,
        };
        _events.Add(record);
        State = State with { Events = State.Events.Add(record), LastEvent = record.Id };
    }

    public void DropEvents(long upTo)
    {
        if (State.Events.Count > 0 && State.Events[0].Id <= upTo)
        {
            _eventsKept = upTo;
            State = State with { Events = State.Events.RemoveAll(e => e.Id <= upTo) };
        }
    }

    /// <summary>Many at once, so that saying so is not what fills the rest.</summary>
    private void DropOldest()
    {
        var count = State.Events.Count - AgentState.EventsMax + AgentState.EventsDroppedAtOnce;
        var (first, last) = (State.Events[0], State.Events[count - 1]);
        DropEvents(last.Id);
        var from = first.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        var to = last.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        Tell(EventKind.EventsDropped,
            $"{count} events of {from} to {to} UTC were dropped: no master has kept them, "
            + $"and {AgentState.EventsMax} are the most that wait");
    }

    public AgentCommit Finish()
    {
        if (State.Events.Count > AgentState.EventsMax)
        {
            DropOldest();
        }

        var last = State.LastIncarnation;
        var reserves = last != state.LastIncarnation && last > State.IncarnationsReserved;
        if (reserves)
        {
            State = State with { IncarnationsReserved = new Incarnation(last.Value + AgentState.IncarnationsAtOnce) };
        }

        return new AgentCommit
        {
            State = State,
            Records = Records(),
            Assignment = _assignment,
            Events = _events.ToImmutable(),
            EventsKept = _eventsKept,
            Effects = _effects.ToImmutable(),
            ReportNow = _reportNow || _events.Count > 0,
            Durable = _assignment is not null || reserves,
            WakeAt = State.Instances.Values.Min(i => InstanceMachine.WakeAt(i, State.ShuttingDown)),
        };
    }

    private void Take(InstanceId instance, InstanceState? old, InstanceTurn turn)
    {
        _effects.AddRange(turn.Effects);
        foreach (var news in turn.Events)
        {
            Tell(news, instance);
        }

        if (turn.State?.ShownHold is { } hold && hold.Reason != old?.ShownHold?.Reason)
        {
            Tell(EventKind.InstanceHeld, hold.Text, instance);
        }

        _reportNow |= IsNews(old, turn.State);
        Keep(instance, old, turn.State);
    }

    private void Keep(InstanceId instance, InstanceState? old, InstanceState? next)
    {
        if (next is not null && next == old)
        {
            return;
        }

        State = State with
        {
            Instances = next is null ? State.Instances.Remove(instance) : State.Instances.SetItem(instance, next),
            Sought = next?.Incarnation == old?.Incarnation ? State.Sought : State.Sought.Remove(instance),
            Unproven = next?.Phase == InstancePhase.Starting ? State.Unproven : State.Unproven.Remove(instance),
            LastIncarnation = next?.Incarnation > State.LastIncarnation ? next.Incarnation : State.LastIncarnation,
        };
    }

    /// <summary>Against the state before the step: the shift of a clock that jumped is a change of a record too.</summary>
    private ImmutableSortedDictionary<InstanceId, InstanceState?> Records()
    {
        if (ReferenceEquals(State.Instances, state.Instances))
        {
            return ImmutableSortedDictionary<InstanceId, InstanceState?>.Empty;
        }

        var records = ImmutableSortedDictionary.CreateBuilder<InstanceId, InstanceState?>();
        foreach (var (instance, next) in State.Instances)
        {
            if (!ReferenceEquals(state.Instances.GetValueOrDefault(instance), next))
            {
                records[instance] = next;
            }
        }

        foreach (var instance in state.Instances.Keys.Where(i => !State.Instances.ContainsKey(i)))
        {
            records[instance] = null;
        }

        return records.ToImmutable();
    }

    /// <summary>What somebody may wait for; a mere text or count can wait for the next second.</summary>
    private static bool IsNews(InstanceState? old, InstanceState? next) => NewsOf(old) != NewsOf(next);

    private static InstanceSight? NewsOf(InstanceState? s) => s is null ? null : new InstanceSight(
        s.Incarnation, s.Phase, s.Healthy, s.Process, s.ShownHold?.Reason, s.Assigned.SpecDigest, s.Refuses, s.Heard,
        s.Next?.IsReady, s.Next?.Hold?.Reason);

    private readonly record struct InstanceSight(
        Incarnation Incarnation, InstancePhase Phase, bool Healthy, ProcessIdentity? Process, HoldReason? Hold, Digest Spec,
        bool Refuses, long? Heard, bool? NextIsReady, HoldReason? NextHold);
}
