using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One thing that the decider does now.</summary>
public abstract record Step(InstanceId Instance, HostId Host)
{
    /// <summary>One plain sentence.</summary>
    public abstract string Text { get; }

    public sealed record Place(InstanceId Instance, HostId Host) : Step(Instance, Host)
    {
        public override string Text => $"{Instance} is placed on {Host}";
    }

    public sealed record Change(InstanceId Instance, HostId Host, string Why) : Step(Instance, Host)
    {
        public override string Text => $"{Instance} on {Host}: {Why}";
    }

    /// <summary>Its endpoint is withdrawn; it goes on serving until its consumers have let go.</summary>
    public sealed record Drain(InstanceId Instance, HostId Host, string Why) : Step(Instance, Host)
    {
        public override string Text => $"{Instance} on {Host} is withdrawn from its consumers: {Why}";
    }

    public sealed record Remove(InstanceId Instance, HostId Host, string Why) : Step(Instance, Host)
    {
        public override string Text => $"{Instance} leaves {Host}: {Why}";
    }
}

/// <summary>A decision's output. Without steps and holds, everything is as people want it.</summary>
public sealed record Plan
{
    public ImmutableArray<Step> Steps { get; init; } = [];

    public ImmutableArray<Hold> Holds { get; init; } = [];

    /// <summary>The whole truth of each host that a step touches: what is to be committed.</summary>
    public ImmutableArray<HostPlacements> Placements { get; init; } = [];

    /// <summary>Rollouts whose record changes, committed before the placements; null: the record goes with its service.</summary>
    public ImmutableSortedDictionary<ServiceName, Rollout?> Rollouts { get; init; } =
        ImmutableSortedDictionary<ServiceName, Rollout?>.Empty;

    /// <summary>Withdrawals without anybody's word, to be remembered; null: nothing new.</summary>
    public UnaskedActions? Unasked { get; init; }

    /// <summary>What is to be told of them, once they are committed.</summary>
    public ImmutableArray<RolloutNews> News { get; init; } = [];

    /// <summary>When to plan again though nothing has changed; null: never.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    public bool IsConverged => Steps.IsEmpty && Holds.IsEmpty && Rollouts.IsEmpty;
}

/// <summary>A rollout's way, as people are told it.</summary>
public sealed record RolloutNews(ServiceName Service, EventKind Kind, string Text);
