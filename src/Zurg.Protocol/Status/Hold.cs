using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>What is not done yet and why, in words for people. A plan with neither steps nor holds is converged.</summary>
/// <param name="Text">One sentence, exact: names, numbers, what it waits for.</param>
/// <param name="Mend">What a person can do about it; null when waiting is right.</param>
public sealed record Hold(HoldReason Reason, string Text, string? Mend = null)
{
    public ServiceName? Service { get; init; }

    public InstanceId? Instance { get; init; }

    public HostId? Host { get; init; }
}

[JsonConverter(typeof(WireEnumConverter<HoldReason>))]
public enum HoldReason
{
    Unknown,

    // The decider's.
    NoHostFits,
    ReleaseMissing,
    WaitsForDependency,
    WaitsForReady,
    WaitsForStop,
    WaitsForTurn,
    HostSilent,
    Unreadable,

    /// <summary>Withdrawn, and consumers have not yet confirmed that they use it no more.</summary>
    WaitsForDrain,

    /// <summary>The host has not made ready yet what an instance is to get next.</summary>
    WaitsForPrepare,

    /// <summary>A stage of a rollout is ready and is watched for a while before the next.</summary>
    Baking,
    WaitsForPromotion,
    RolloutPaused,
    RolloutHalted,

    /// <summary>What the spec says was tried and taken back.</summary>
    RolledBack,

    /// <summary>Nothing may be missing meanwhile, and a spare instance fits nowhere.</summary>
    NoRoomForSpare,

    /// <summary>More is to be stopped than anybody asked for, within too short a time (SAFETY.md 4.6).</summary>
    TooManyActions,

    /// <summary>A person retired the service, and the spec still names it.</summary>
    Retired,

    /// <summary>Its host is lost, and it can be nowhere else.</summary>
    HostLost,

    /// <summary>A strict change does not switch yet: somebody cannot be told to refuse, or has not said so.</summary>
    WaitsForOtherSide,

    // The agent's.
    BackingOff,
    TooManyRestarts,
    ReleaseUnavailable,
    ReleaseCorrupt,
    ExecutableMissing,
    TemplateFailed,
    PortUnavailable,
    ProbeFailing,
    SpawnFailed,
    DoesNotDie,
    NotUnderstood,
    DiskFull,

    /// <summary>A user, a limit or a priority that this host's agent may not set.</summary>
    LimitNotAllowed,
    ReleaseUnsigned,

    /// <summary>The agent's journal cannot be written: nothing is begun before it can.</summary>
    JournalStuck,

    /// <summary>The user of the service may not run its program or enter its working directory.</summary>
    AccessDenied,

    /// <summary>It is to stop, and its stop.command runs.</summary>
    WaitsForStopCommand,

    /// <summary>It is to stop, and requests are under way in it.</summary>
    WaitsForRequests,

    /// <summary>It was told of changed files by a signal, and does not go by them yet.</summary>
    WaitsForReload,
}
