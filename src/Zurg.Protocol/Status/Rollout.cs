using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// The newest change of a service on its way to its instances, or the last one that arrived: the key rollouts/SERVICE, written by
/// the decider. Everything that a successor needs to go on from a half-way state is in it and in the placements.
/// </summary>
public sealed record Rollout
{
    public required ServiceName Service { get; init; }

    /// <summary>Counts this service's rollouts, from 1: what people's words are about.</summary>
    public required long Number { get; init; }

    /// <summary>What all of them ran before, and where an abort or a halt goes back to.</summary>
    public required RolloutTarget From { get; init; }

    public required RolloutTarget To { get; init; }

    public required RolloutPhase Phase { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What changes and by whom, in words: release 1.0.0 -> 1.1.0 (spec 7 by alice).</summary>
    public required string Why { get; init; }

    /// <summary>So many instances may have <see cref="To"/> by now: the canary and the batches so far together.</summary>
    public required int Allowed { get; init; }

    /// <summary>When the present stage began, or a person resumed it: the time that an instance has to get ready.</summary>
    public required DateTimeOffset StageSince { get; init; }

    /// <summary>Since when all of them have been ready: the bake runs from here. Null: they are not yet.</summary>
    public DateTimeOffset? StageReadyAt { get; init; }

    /// <summary>It began as a blue-green one, and ends as one whatever the spec says meanwhile; null: by stages.</summary>
    public bool? BlueGreen { get; init; }

    /// <summary>Strict blue-green: since when the old side has been unlisted and told to refuse.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Blue-green: when the new side was listed in place of the old one.</summary>
    public DateTimeOffset? SwitchedAt { get; init; }

    /// <summary>Strict, on its way back after the switch: since when the new side has been unlisted and told to refuse.</summary>
    public DateTimeOffset? ReturnsAt { get; init; }

    /// <summary>Strict, on its way back: since when the old side may accept again, since nobody of the new one does.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    /// <summary>When a person said last to go on after it was halted.</summary>
    public DateTimeOffset? ResumedAt { get; init; }

    /// <summary>Why it was halted or taken back, in one sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>What was taken back: not tried again before the spec says something else or a person says start.</summary>
    public RolloutTarget? Refused { get; init; }

    /// <summary>People have wanted something else since: what was refused is tried like anything new from now on.</summary>
    public bool? Forgiven { get; init; }

    /// <summary>What is not tried again.</summary>
    [JsonIgnore]
    public RolloutTarget? StillRefused => Forgiven is true ? null : Refused;

    /// <summary>How many of a person's resumes, and of his promotions, have been carried out.</summary>
    public int Resumes { get; init; }

    public int Promotes { get; init; }

    /// <summary>
    /// What a person resumed in spite of, with its crashes until then: only more of them halt it again, and it has its
    /// <see cref="UpdatePolicy.ReadyWithin"/> from <see cref="ResumedAt"/> once more.
    /// </summary>
    public ImmutableSortedDictionary<InstanceId, int> Excused { get; init => field = value ?? None; } = None;

    private static readonly ImmutableSortedDictionary<InstanceId, int> None = ImmutableSortedDictionary<InstanceId, int>.Empty;
}

/// <summary>What the instances of a service are to run.</summary>
public sealed record RolloutTarget
{
    /// <summary>The applied spec that said so; 0 when it is older than the first rollout.</summary>
    public required SpecNumber Spec { get; init; }

    public required ReleaseId Release { get; init; }

    /// <summary>Of the <see cref="InstanceSpec"/> of every instance that has none of its own.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Of instances that have variables, and so a spec, of their own; or null.</summary>
    public ImmutableSortedDictionary<InstanceId, Digest>? OwnDigests { get; init; }

    /// <summary>Asked-for restarts of the whole service.</summary>
    public required long Restarts { get; init; }

    public Digest DigestOf(InstanceId instance) =>
        OwnDigests is { } own && own.TryGetValue(instance, out var digest) ? digest : Digest;

    /// <summary>Whether both run the same; asked-for restarts aside.</summary>
    public bool RunsSameAs(RolloutTarget other) =>
        Digest == other.Digest && (OwnDigests ?? None).SequenceEqual(other.OwnDigests ?? None);

    private static readonly ImmutableSortedDictionary<InstanceId, Digest> None =
        ImmutableSortedDictionary<InstanceId, Digest>.Empty;
}

[JsonConverter(typeof(WireEnumConverter<RolloutPhase>))]
public enum RolloutPhase
{
    Unknown,

    /// <summary>Canary, batches and bakes; paused when a person said so.</summary>
    Running,

    /// <summary>A new instance failed, and it is a person's turn: resume or abort.</summary>
    Halted,

    /// <summary>What has the new target gets the old one again: no stages, no bakes, the budget holds.</summary>
    RollingBack,

    /// <summary>Every instance has what it is to have; <see cref="Rollout.Refused"/> says whether that is the old.</summary>
    Completed,
}

/// <summary>A rollout as people see it.</summary>
public sealed record RolloutStatus
{
    public required Rollout Rollout { get; init; }

    public required bool Paused { get; init; }

    /// <summary>Instances wanted, without the spare ones that stand in during a change.</summary>
    public required int Instances { get; init; }

    /// <summary>Instances, spare ones too, that have the target; and how many of them are ready.</summary>
    public required int OnTarget { get; init; }

    public required int OnTargetReady { get; init; }

    /// <summary>Instances on top of those wanted, started so that nothing is missing meanwhile.</summary>
    public required int Spares { get; init; }

    /// <summary>How many have the target after the canary and after each batch.</summary>
    public ImmutableArray<int> Stages { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The present stage is ready and is watched until then.</summary>
    public DateTimeOffset? BakesUntil { get; init; }

    /// <summary>The present stage is ready, and goes on by zurg rollout promote.</summary>
    public required bool WaitsForPromotion { get; init; }
}
