using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One instance on this host: its incarnation's machine and what outlives incarnations. A journal record.</summary>
public sealed record InstanceState
{
    /// <summary>What the current incarnation runs, or the next one will.</summary>
    public required AssignedInstance Assigned { get; init; }

    public required Incarnation Incarnation { get; init; }

    public required InstancePhase Phase { get; init; }

    /// <summary>When it entered the phase, or its health changed.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Only in <see cref="InstancePhase.Running"/>.</summary>
    public bool Healthy { get; init; }

    /// <summary>
    /// Probe failures in a row, counted up to the policy's FailAfter; only in <see cref="InstancePhase.Running"/>.
    /// </summary>
    public int Failures { get; init; }

    /// <summary>What the last failed probe said.</summary>
    public string? ProbeText { get; init; }

    /// <summary>Set from the start on: it has the ports.</summary>
    public Launch? Launch { get; init; }

    /// <summary>The main process; it stays here until the whole tree is gone.</summary>
    public ProcessIdentity? Process { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Why this incarnation was begun, in plain words; null in records of earlier builds.</summary>
    public string? StartReason { get; init; }

    /// <summary>When the phase's time is up: never ready, the drain or the grace over, or killed without effect.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>In <see cref="InstancePhase.Waiting"/>: not prepared before this.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>
    /// Its process goes by this file as it was, and reads it at its start only. Outlives the agent, ends with the incarnation.
    /// </summary>
    public OutdatedFile? Outdated { get; init; }

    /// <summary>The master is told of that then: changes within a second are one restart.</summary>
    public DateTimeOffset? TemplateRestartAt { get; init; }

    /// <summary>The signals that tell its process of changed files, by name; see <see cref="InstanceReload"/>.</summary>
    public ImmutableArray<ReloadState> Reloads { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Ends that nobody asked for within the restart window, oldest first; at most Attempts + 1.</summary>
    public ImmutableArray<DateTimeOffset> RecentCrashes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Ends that nobody asked for, since the agent first had this instance.</summary>
    public int Crashes { get; init; }

    /// <summary>Those since its spec or its restart count last changed.</summary>
    public int CrashesSinceChange { get; init; }

    /// <summary>Starts in a row that failed before there was a process.</summary>
    public int FailedStarts { get; init; }

    /// <summary>Why it does not go on: of its start, its probe or its end.</summary>
    public Hold? Hold { get; init; }

    /// <summary>A template that cannot be rendered again; it runs on with the text it has.</summary>
    public Hold? TemplateHold { get; init; }

    /// <summary>A port that the agent cannot listen on for it; it runs all the same.</summary>
    public Hold? UsesHold { get; init; }

    /// <summary>The newest assignment says something that this build does not know: nothing is begun, nothing is ended.</summary>
    public Hold? NotUnderstood { get; init; }

    /// <summary>How the last incarnation that ended did so; this one's, when its main process has ended.</summary>
    public InstanceExit? LastExit { get; init; }

    /// <summary>In <see cref="InstancePhase.Stopping"/>: why; null when it ended by itself.</summary>
    public StopOrder? Stop { get; init; }

    /// <summary>How far that stop has come; null when it ended by itself.</summary>
    public StopStage? Stage { get; init; }

    /// <summary>In <see cref="StopStage.InFlight"/>: the newest count, when there is something to wait for.</summary>
    public InFlightCount? InFlight { get; init; }

    /// <summary>How far the preparation of what it gets next is; null when it gets nothing new, as far as is known.</summary>
    public NextState? Next { get; init; }

    /// <summary>The assignment no longer has it: it stops and is then forgotten.</summary>
    public bool Leaving { get; init; }

    /// <summary>A process of this incarnation says how many requests are under way: sockets need not be looked at.</summary>
    public bool Counts { get; init; }

    /// <summary>The spec of the newest incarnation of which a process has said anything; null: none has.</summary>
    public Digest? Spoke { get; init; }

    /// <summary>Its last word was that it answers no new request; about what is assigned now.</summary>
    public bool Refuses { get; init; }

    /// <summary>This incarnation was told to refuse, now or before: that it accepts again it must say.</summary>
    public bool Told { get; init; }

    /// <summary>It was to refuse when its end was decided: it goes on until then, whatever comes after it.</summary>
    public bool RefusesOn { get; init; }

    /// <summary>The <see cref="AssignedInstance.TrafficEpoch"/> that everything in it has said it goes by.</summary>
    public long? Heard { get; init; }

    /// <summary>
    /// It outlived its agent, and whether it was ready before nobody knows: it is not ended for never having been
    /// (InstanceAdoption).
    /// </summary>
    public bool Outlived { get; init; }

    /// <summary>SIGKILL was sent to the tree then.</summary>
    public DateTimeOffset? KilledAt { get; init; }

    /// <summary>What the master is told of <see cref="Outdated"/>.</summary>
    [JsonIgnore]
    public OutdatedFile? RestartAsked => TemplateRestartAt is null ? Outdated : null;

    /// <summary>The one hold that people are shown.</summary>
    [JsonIgnore]
    public Hold? ShownHold =>
        NotUnderstood ?? Hold ?? TemplateHold ?? Reloads.Select(r => r.Hold).FirstOrDefault(h => h is not null) ?? UsesHold;

    /// <summary>The main process of this incarnation is known to have ended.</summary>
    [JsonIgnore]
    public bool HasExited => LastExit?.Incarnation == Incarnation;
}

/// <summary>Why an incarnation is ended.</summary>
/// <param name="Reason">In plain words, as the start of a sentence: stopped for a new spec.</param>
/// <param name="Asked">False: the agent ended it as if it had crashed, because it was never ready, or half dead.</param>
/// <param name="Cut">What was still under way when its drain was over; null when nothing was.</param>
public sealed record StopOrder(string Reason, bool Asked, string? Cut = null);
