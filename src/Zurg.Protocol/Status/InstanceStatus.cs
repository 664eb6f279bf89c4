using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>One instance as its agent sees it.</summary>
public sealed record InstanceStatus
{
    public required InstanceId Instance { get; init; }

    public required Incarnation Incarnation { get; init; }

    public required InstancePhase Phase { get; init; }

    /// <summary>Only in <see cref="InstancePhase.Running"/>: whether the probe's last verdict is good.</summary>
    public required bool Healthy { get; init; }

    /// <summary>Of the spec that this incarnation runs, or that the next one will.</summary>
    public required Digest Spec { get; init; }

    public required ReleaseId Release { get; init; }

    /// <summary>The restart count of the placement that this incarnation was started for.</summary>
    public required long Restarts { get; init; }

    public int? Pid { get; init; }

    /// <summary>When the process of this incarnation was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it entered its phase, or its health changed.</summary>
    public required DateTimeOffset Since { get; init; }

    public ImmutableSortedDictionary<PortName, int> Ports { get; init => field = value ?? NoPorts; } = NoPorts;

    /// <summary>Why it does not go on, when it does not.</summary>
    public Hold? Hold { get; init; }

    /// <summary>How the last incarnation that ended did so.</summary>
    public InstanceExit? LastExit { get; init; }

    /// <summary>Ends that nobody asked for, since the agent first had this instance.</summary>
    public required int Crashes { get; init; }

    /// <summary>
    /// Ends that nobody asked for since its spec or its restart count last changed; null from an older agent.
    /// </summary>
    public int? CrashesSinceChange { get; init; }

    /// <summary>
    /// The digest of the spec in <see cref="AssignedInstance.Next"/> when a start of it would find all that it needs.
    /// </summary>
    public Digest? Prepared { get; init; }

    /// <summary>Why what it gets next cannot be started here yet.</summary>
    public Hold? PrepareHold { get; init; }

    /// <summary>Its process has said that it answers no new request (<see cref="AssignedInstance.Refuse"/>).</summary>
    public bool? Refuses { get; init; }

    /// <summary>
    /// Everything in it goes by what came with this <see cref="AssignedInstance.TrafficEpoch"/>, be it to refuse or to accept.
    /// Null: there was none, not yet, or an older agent (<see cref="HostDescription.TrafficEpochs"/>).
    /// </summary>
    public long? TrafficEpoch { get; init; }

    /// <summary>
    /// Something in it counts its requests, and so can be told to refuse; while nothing runs, whether the last one with the same
    /// spec did. Null: not so, or an older agent.
    /// </summary>
    public bool? Counts { get; init; }

    /// <summary>
    /// Its process goes by a generated file that has another text by now and asks for a restart: the master says when. Null: none
    /// such, or an older agent, which restarts it by itself.
    /// </summary>
    public OutdatedFile? Outdated { get; init; }

    /// <summary>Whether consumers may be told of it (DESIGN.md promise 1).</summary>
    public bool IsReady() => Phase == InstancePhase.Running && Healthy;

    private static readonly ImmutableSortedDictionary<PortName, int> NoPorts = ImmutableSortedDictionary<PortName, int>.Empty;
}

/// <summary>The first generated file that changed under a process which reads it at its start only.</summary>
/// <param name="Since">When it did.</param>
public sealed record OutdatedFile(string File, DateTimeOffset Since);

/// <summary>How one incarnation ended.</summary>
public sealed record InstanceExit
{
    public required Incarnation Incarnation { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The exit code, when it ended by itself.</summary>
    public int? Code { get; init; }

    /// <summary>The signal's number, when one ended it.</summary>
    public int? Signal { get; init; }

    public bool CoreDumped { get; init; }

    /// <summary>How long it ran.</summary>
    public required TimeSpan Ran { get; init; }

    /// <summary>
    /// Peak resident memory in bytes, up to ten seconds before its end at the latest; null when it ended too soon to be measured.
    /// </summary>
    public long? PeakMemory { get; init; }

    /// <summary>User and system time; null when not known.</summary>
    public TimeSpan? CpuTime { get; init; }

    /// <summary>The part of the CPU time that was spent in the program itself; the rest is the kernel's.</summary>
    public TimeSpan? UserTime { get; init; }

    /// <summary>It ended while no agent ran: its time is when that was found out.</summary>
    public bool Unwatched { get; init; }

    /// <summary>Why it had been started: the one before ended: exit code 1.</summary>
    public string? StartReason { get; init; }

    /// <summary>Why, in plain language: exit code 1; SIGKILL; stopped for a new release.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether somebody or something asked for it: a stop, a restart, a new spec.</summary>
    public required bool Asked { get; init; }
}
