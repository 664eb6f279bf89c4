using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Something that happened, kept in the event log. Ids grow in the order in which the master learned of them.</summary>
public sealed record EventRecord
{
    /// <summary>0 until a log has given it one.</summary>
    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required EventKind Kind { get; init; }

    public ServiceName? Service { get; init; }

    public InstanceId? Instance { get; init; }

    public HostId? Host { get; init; }

    /// <summary>One plain sentence.</summary>
    public required string Text { get; init; }

    /// <summary>Of an instance that was started.</summary>
    public InstanceStart? Start { get; init; }

    /// <summary>Of an instance that ended.</summary>
    public InstanceExit? Exit { get; init; }
}

/// <summary>One incarnation's beginning.</summary>
/// <param name="Spec">The digest of what it runs.</param>
/// <param name="Reason">Why it was started, in plain language.</param>
public sealed record InstanceStart(Incarnation Incarnation, ReleaseId Release, Digest Spec, int Pid, string? Reason = null);

[JsonConverter(typeof(WireEnumConverter<EventKind>))]
public enum EventKind
{
    Unknown,
    SpecApplied,
    ReleasePushed,
    ServiceRestarted,
    ServiceStopped,
    ServiceStarted,
    HostConnected,
    HostSilent,
    InstancePlaced,
    InstanceRemoved,
    InstanceChanged,
    InstanceStarted,
    InstanceAdopted,
    InstanceReady,
    InstanceUnready,
    InstanceExited,
    InstanceHeld,
    MasterStarted,
    AgentStarted,

    /// <summary>Bytes on a host's disk were not those that were pushed: set aside, and brought again.</summary>
    ReleaseQuarantined,
    HostLow,
    HostRecovered,

    /// <summary>Lines of a log went before their time: the disk is full, or too many came while no agent was there.</summary>
    LogCut,

    /// <summary>A log is not kept as it should be, or is again.</summary>
    LogTrouble,
    ReleaseSigned,

    /// <summary>What an agent wrote of its instances is damaged or gone.</summary>
    JournalDamaged,

    /// <summary>A generated file had been changed by hand and has its text again.</summary>
    ConfigRestored,

    /// <summary>A process stopped saying that it is alive: it was killed.</summary>
    WatchdogExpired,

    /// <summary>What the threads of a half dead process were doing is in a file of its host.</summary>
    StacksKept,

    /// <summary>An agent had to forget events that no master had kept.</summary>
    EventsDropped,

    /// <summary>A journal could not be written for a while.</summary>
    JournalStuck,

    /// <summary>What a host is to run is too much for one message: it was not told.</summary>
    AssignmentTooLarge,

    /// <summary>Somebody runs a command on a host.</summary>
    CommandRun,
    CommandEnded,

    /// <summary>A process left a core dump: where it is kept, or why it is not.</summary>
    CoreDumped,

    /// <summary>An instance is to be stopped or changed: its endpoint was withdrawn.</summary>
    InstanceDraining,

    /// <summary>A rollout began, came to its next stage, was paused or resumed.</summary>
    RolloutStarted,
    RolloutStage,
    RolloutPaused,
    RolloutResumed,
    RolloutPromoted,
    RolloutHalted,

    /// <summary>It goes back, by itself or by a person's word.</summary>
    RolloutRollingBack,
    RolloutCompleted,

    HostDrained,
    HostUndrained,
    ServiceRetired,
    ServiceUnretired,

    /// <summary>stop.drain was over before what was under way in an instance.</summary>
    DrainCut,

    /// <summary>A stop.command failed; the instance is stopped all the same.</summary>
    StopCommandFailed,

    /// <summary>A silent host is counted as gone, by whose word.</summary>
    HostLost,

    /// <summary>A lost host was heard again.</summary>
    HostReturned,
}
