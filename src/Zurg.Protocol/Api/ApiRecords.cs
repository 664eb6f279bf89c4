using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Something wrong with what was given: where, what, and what would be right.</summary>
/// <param name="Path">Dotted path in the spec, such as services.web.probe.port; empty for the whole file.</param>
/// <param name="Line">From 1; null when no place in a text is meant.</param>
/// <param name="Column">From 1.</param>
/// <param name="Mend">What would be right.</param>
public sealed record Problem(string Path, string Text, string? Mend = null, int? Line = null, int? Column = null);

/// <summary>problem+json (RFC 9457), with every problem found.</summary>
public sealed record ApiProblem
{
    public required string Title { get; init; }

    public required int Status { get; init; }

    public string? Detail { get; init; }

    /// <summary>What to do next.</summary>
    public string? Mend { get; init; }

    public ImmutableArray<Problem> Problems { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>The answer to an apply, planned or done.</summary>
public sealed record ApplyResult
{
    /// <summary>The number it got; the current one when nothing changed; for a plan the one it would get.</summary>
    public required SpecNumber Number { get; init; }

    public required bool Planned { get; init; }

    /// <summary>Empty when the spec says what the newest one says.</summary>
    public ImmutableArray<SpecChange> Changes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Who uses, or used within 31 days, what is taken away: a sentence each.</summary>
    public ImmutableArray<string> Warnings { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One difference between two specs. Nulls are written: a constructor's parameter that is absent is refused.</summary>
/// <param name="Path">Dotted, such as services.web.env.GREETING.</param>
/// <param name="Before">Null when it was not there.</param>
/// <param name="After">Null when it goes.</param>
/// <param name="Touches">The instances that this change starts, stops or restarts.</param>
public sealed record SpecChange(
    string Path,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? After,
    ImmutableArray<InstanceId> Touches);

/// <summary>One line of the history of specs.</summary>
public sealed record SpecSummary(SpecNumber Number, string Author, DateTimeOffset At, int Services, SpecNumber? RevertOf = null);

public sealed record RevertRequest(SpecNumber To);

/// <param name="Release">A version of the release that the service has now, or NAME@VERSION.</param>
public sealed record RolloutStart(string Release);

/// <summary>A release was written into the newest spec, or one that was taken back is to be tried again.</summary>
/// <param name="Spec">The newest spec by now.</param>
/// <param name="After">The newest rollout before: the one that was started has a higher number. 0: there was none.</param>
/// <param name="Text">What happens now, in one sentence.</param>
public sealed record RolloutStarted(SpecNumber Spec, long After, string Text);

/// <param name="Why">In the person's words, at most 200 characters of them are kept.</param>
public sealed record HostDrain(string? Why = null);

/// <param name="Why">In the person's words; null: none.</param>
public sealed record HostLoss(string? Why = null);

/// <summary>An action of a person was written down; what follows is the decider's.</summary>
public sealed record ActionAccepted(string Text);

/// <summary>A manifest whose artifacts are all there by now, or of which the master says what it lacks.</summary>
public sealed record ReleasePush(ReleaseManifest Manifest);

/// <summary>A host that has a release and gives its files to other hosts.</summary>
/// <param name="Url">GET v1/artifacts/DIGEST there, with the cluster's token.</param>
public sealed record Neighbour(HostId Host, Uri Url);

/// <summary>A signature that somebody made with a private key of theirs; <see cref="ReleaseSignature"/>.</summary>
public sealed record ReleaseSign(string Key, string Value);

/// <param name="Release">Set when the release is complete and durable.</param>
/// <param name="Missing">Artifacts to upload first.</param>
public sealed record ReleasePushAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ReleaseRecord? Release, ImmutableArray<Digest> Missing);

/// <summary>Everything at a glance: zurg status.</summary>
public sealed record ClusterStatus
{
    public ClusterName? Cluster { get; init; }

    public required SpecNumber Spec { get; init; }

    /// <summary>Neither a step nor a hold is left.</summary>
    public required bool Converged { get; init; }

    public ImmutableArray<ServiceStatus> Services { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<HostStatus> Hosts { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<Hold> Holds { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record ServiceStatus
{
    public required ServiceName Service { get; init; }

    /// <summary>What the newest spec wants; null once the service has left it.</summary>
    public ReleaseId? Release { get; init; }

    public required int Wanted { get; init; }

    public required int Ready { get; init; }

    public required bool Stopped { get; init; }

    /// <summary>Who retired it: no instance of it is wanted. Null: nobody did.</summary>
    public RetiredIntent? Retired { get; init; }

    /// <summary>The newest change of it, under way or over; null before the first.</summary>
    public RolloutStatus? Rollout { get; init; }

    public ImmutableArray<PlacedInstance> Instances { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>An instance with its place; the status is null until its agent has reported it.</summary>
public sealed record PlacedInstance(
    InstanceId Instance,
    HostId Host,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] CellName? Cell,
    bool UpToDate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] InstanceStatus? Status)
{
    /// <summary>Since when its consumers are told to let go of it, before it is stopped.</summary>
    public DateTimeOffset? DrainingSince { get; init; }

    /// <summary>No consumer is told of it: the other side of a blue-green change serves.</summary>
    public bool? Unlisted { get; init; }

    /// <summary>It is told to answer no new request: the other side of a strict blue-green change is about to serve.</summary>
    public bool? Refuse { get; init; }
}

public sealed record HostStatus
{
    public required HostId Host { get; init; }

    public required HostSession Session { get; init; }

    public required DateTimeOffset SessionSince { get; init; }

    public required HostDescription Description { get; init; }

    /// <summary>
    /// The generation at which its placements last changed; the host has them once it applied this one or a later.
    /// </summary>
    public required Generation Wanted { get; init; }

    public required Generation Applied { get; init; }

    public required int Instances { get; init; }

    public required int Ready { get; init; }

    /// <summary>Who is emptying it; null when nobody is.</summary>
    public HostIntent? Drained { get; init; }

    /// <summary>By whose word it is lost; null while it is not.</summary>
    public LostIntent? Lost { get; init; }

    /// <summary>What it is short of; while there is any, it gets no new instance.</summary>
    public ImmutableArray<HostLow> Lows { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// The newest reading that the answering master has heard; null in /v1/status, and before the first one. In lists without
    /// its instances.
    /// </summary>
    public HostMeasures? Measures { get; init; }
}

/// <summary>Why one service is as it is: its spec, its instances, its holds, its endpoints.</summary>
public sealed record ServiceExplanation
{
    public required ServiceStatus Status { get; init; }

    public ServiceSpec? Spec { get; init; }

    public ImmutableArray<Hold> Holds { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The decider's next steps, in words.</summary>
    public ImmutableArray<string> Steps { get; init => field = value.IsDefault ? [] : value; } = [];

    public required EndpointSet Endpoints { get; init; }

    /// <summary>
    /// Every host whose consumers follow the service, by name, and what they use: before an endpoint is stopped, all of them are
    /// waited for.
    /// </summary>
    public ImmutableArray<ServiceFollower> Followers { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Session">A host that is silent goes on using what it heard last: it is waited for all the same.</param>
/// <param name="Confirmed">
/// Its consumers use this revision of the set or a newer one; null when the answering master has not heard from it yet, or its
/// agent is too old to say it.
/// </param>
public sealed record ServiceFollower(HostId Host, HostSession Session, Revision? Confirmed = null)
{
    /// <summary>Consumers there that use less than their agent's newest set, the longest first; at most 16.</summary>
    public ImmutableArray<LateSubscriber> Late { get; init => field = value.IsDefault ? [] : value; } = [];
}
