using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One step of the speaker: facts are committed and events logged before anything is said.</summary>
public sealed record SpeakerCommit
{
    public required SpeakerState State { get; init; }

    public ImmutableArray<HostFacts> Facts { get; init; } = [];

    public ImmutableArray<ServiceConfirmation> Confirmed { get; init; } = [];

    /// <summary>Services whose confirmation is removed: nobody asks after it any more.</summary>
    public ImmutableArray<ServiceName> NotWaitedFor { get; init; } = [];

    public ImmutableArray<Assignment> Assignments { get; init; } = [];

    public ImmutableArray<EventRecord> Events { get; init; } = [];

    public ImmutableArray<KeptEvents> Kept { get; init; } = [];

    /// <summary>Who may be offered the sets of which services from now on, once the facts that say so are in the store.</summary>
    public ImmutableArray<HostFollows> Follows { get; init; } = [];

    /// <summary>Whose sessions are to end, and why.</summary>
    public ImmutableArray<Refusal> Refusals { get; init; } = [];

    /// <summary>This step and the one after it.</summary>
    public SpeakerCommit Then(SpeakerCommit next) => new()
    {
        State = next.State,
        Facts = [.. Facts, .. next.Facts],
        Confirmed = [.. Confirmed, .. next.Confirmed],
        NotWaitedFor = [.. NotWaitedFor, .. next.NotWaitedFor],
        Assignments = [.. Assignments, .. next.Assignments],
        Events = [.. Events, .. next.Events],
        Kept = [.. Kept, .. next.Kept],
        Follows = [.. Follows, .. next.Follows],
        Refusals = [.. Refusals, .. next.Refusals],
    };
}

/// <param name="Reason">What the agent, and so its log, is told.</param>
public sealed record Refusal(HostId Host, string Reason);

/// <param name="Events">Those that the log does not have yet; may be none.</param>
/// <param name="UpTo">What the agent can then forget.</param>
public sealed record KeptEvents(HostId Host, ImmutableArray<EventRecord> Events, long UpTo);

/// <param name="Services">All that it follows, in order.</param>
public sealed record HostFollows(HostId Host, ImmutableArray<ServiceName> Services);
