using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One step of the speaker: facts are committed and events logged before anything is said.</summary>
public sealed record SpeakerCommit
{
    public required SpeakerState State { get; init; }

    public ImmutableArray<HostFacts> Facts { get; init; } = [];

    public ImmutableArray<Assignment> Assignments { get; init; } = [];

    public ImmutableArray<EventRecord> Events { get; init; } = [];

    public ImmutableArray<KeptEvents> Kept { get; init; } = [];

    /// <summary>Whose sessions are to end, and why.</summary>
    public ImmutableArray<Refusal> Refusals { get; init; } = [];
}

/// <param name="Reason">What the agent, and so its log, is told.</param>
public sealed record Refusal(HostId Host, string Reason);

/// <param name="Events">Those that the log does not have yet; may be none.</param>
/// <param name="UpTo">What the agent can then forget.</param>
public sealed record KeptEvents(HostId Host, ImmutableArray<EventRecord> Events, long UpTo);
