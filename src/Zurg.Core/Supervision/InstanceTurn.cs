using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a step of one instance needs besides its state.</summary>
/// <param name="Next">The number of the incarnation that this step may begin.</param>
/// <param name="Seed">Of the jitter.</param>
internal sealed record Moment(HostId Host, DateTimeOffset Now, Incarnation Next, ulong Seed, bool ShuttingDown);

/// <summary>Something that happened to the instance: an event in the making.</summary>
internal sealed record InstanceNews(EventKind Kind, string Text)
{
    public InstanceStart? Start { get; init; }

    public InstanceExit? Exit { get; init; }
}

/// <summary>What one step made of one instance. A null state: it is forgotten.</summary>
internal sealed record InstanceTurn(InstanceState? State)
{
    public ImmutableList<AgentEffect> Effects { get; init; } = [];

    public ImmutableList<InstanceNews> Events { get; init; } = [];

    public InstanceTurn Do(AgentEffect effect) => this with { Effects = Effects.Add(effect) };

    public InstanceTurn DoIf(bool condition, Func<AgentEffect> effect) => condition ? Do(effect()) : this;

    public InstanceTurn Tell(EventKind kind, string text) => Tell(new InstanceNews(kind, text));

    public InstanceTurn Tell(InstanceNews news) => this with { Events = Events.Add(news) };

    /// <summary>This turn and then another one of the state that it led to.</summary>
    public InstanceTurn Then(Func<InstanceState, InstanceTurn> next)
    {
        if (State is null)
        {
            return this;
        }

        var turn = next(State);
        return turn with { Effects = Effects.AddRange(turn.Effects), Events = Events.AddRange(turn.Events) };
    }
}

/// <summary>The two ways an instance's phase changes.</summary>
internal static class InstancePhases
{
    extension(InstanceState s)
    {
        public InstanceId Instance => s.Assigned.Instance;

        public InstanceTurn Unchanged => new(s);

        /// <summary>On to a later phase of the same incarnation. What belongs to the phase that ends goes.</summary>
        public InstanceState Enter(InstancePhase phase, Moment m)
        {
            Invariant.Check(phase > s.Phase, $"{s.Instance} incarnation {s.Incarnation} went back from {s.Phase} to {phase}");
            return s with
            {
                Phase = phase,
                Since = m.Now,
                Healthy = false,
                Failures = 0,
                Deadline = null,
                NotBefore = null,
                TemplateRestartAt = phase == InstancePhase.Running ? s.TemplateRestartAt : null,
                Outdated = phase == InstancePhase.Running ? s.Outdated : null,
                Reloads = phase == InstancePhase.Running ? s.Reloads : [],
            };
        }

        /// <summary>A new incarnation, with nothing of the old one but its history.</summary>
        /// <param name="why">Its <see cref="InstanceState.StartReason"/>.</param>
        public InstanceState Again(Moment m, string? why)
        {
            Invariant.Check(m.Next > s.Incarnation, $"{s.Instance} incarnation {s.Incarnation} is followed by {m.Next}");
            return new InstanceState
            {
                Assigned = s.Assigned,
                Incarnation = m.Next,
                Phase = InstancePhase.Waiting,
                Since = m.Now,
                StartReason = why,
                RecentCrashes = s.RecentCrashes,
                Crashes = s.Crashes,
                CrashesSinceChange = s.CrashesSinceChange,
                FailedStarts = s.FailedStarts,
                NotUnderstood = s.NotUnderstood,
                UsesHold = s.UsesHold,
                LastExit = s.LastExit,
                Leaving = s.Leaving,
                Next = s.Next,
                Spoke = s.Spoke,
            };
        }
    }
}
