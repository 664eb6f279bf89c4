using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

[JsonConverter(typeof(WireEnumConverter<VerdictOutcome>))]
public enum VerdictOutcome
{
    Unknown,

    /// <summary>Neither is proven yet, and there is time.</summary>
    Watching,

    /// <summary>The new one does harm.</summary>
    Halt,

    /// <summary>The new one is as good as the old one.</summary>
    Pass,

    /// <summary>The time is over and there was too little to tell: never a pass by itself.</summary>
    TooLittle,
}

/// <summary>What is counted against an instance.</summary>
[JsonConverter(typeof(WireEnumConverter<VerdictSignal>))]
public enum VerdictSignal
{
    Unknown,

    /// <summary>First attempts that failed, whether or not a retry rescued the user.</summary>
    FirstAttempts,

    /// <summary>Requests that failed for the user.</summary>
    Errors,

    Timeouts,

    /// <summary>Answers slower than 95 % of the old release's.</summary>
    Slow,

    /// <summary>Ends that nobody asked for.</summary>
    Crashes,

    /// <summary>Probes that failed.</summary>
    Probes,
}

/// <summary>What the counts say about a release at a moment, with the evidence.</summary>
public sealed record Verdict
{
    public required VerdictOutcome Outcome { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Why { get; init; }

    /// <summary>What is judged began here.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Counts up to here are in it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Watching: there is too little to tell if nothing is proven by then.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Too little: the policy goes on in spite of it from then on; null: only a person does.</summary>
    public DateTimeOffset? GoesOnAt { get; init; }

    /// <summary>Too little: a person is to be asked; null: it is only held.</summary>
    public bool? Asks { get; init; }

    /// <summary>The halting ones first, then by <see cref="VerdictSignal"/>; without those that have no count.</summary>
    public ImmutableArray<SignalEvidence> Signals { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What to keep in mind with it, each one sentence.</summary>
    public ImmutableArray<string> Caveats { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What a pass still needs, each one sentence.</summary>
    public ImmutableArray<string> Missing { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>What one signal says so far. Requests are probes, or seconds lived, where the signal is of those.</summary>
public sealed record SignalEvidence
{
    public required VerdictSignal Signal { get; init; }

    /// <summary>Of the new one: those that the counts are of.</summary>
    public ImmutableArray<InstanceId> Instances { get; init => field = value.IsDefault ? [] : value; } = [];

    public required long Requests { get; init; }

    public required long Bad { get; init; }

    /// <summary>How many of the old one's instances they are compared with, and their counts.</summary>
    public required int OldInstances { get; init; }

    public required long OldRequests { get; init; }

    public required long OldBad { get; init; }

    /// <summary>
    /// So many times as often as with the old one, like with like (Mantel and Haenszel's estimate over seconds and cells); null
    /// when the old one had none.
    /// </summary>
    public double? Ratio { get; init; }

    /// <summary>The ratio that is still fine.</summary>
    public required double Limit { get; init; }

    /// <summary>How much of what a halt needs is there, 0 to 1; 1 halts.</summary>
    public required double ToHalt { get; init; }

    /// <summary>How much of what a pass needs is there, 0 to 1; null for a signal that can only halt.</summary>
    public double? ToPass { get; init; }

    /// <summary>
    /// How much more the old one's counts vary from second to second than chance alone would let them, at least 1: all evidence
    /// is divided by it. Null: not known yet, and a second of an instance counts as one bad event however many there were.
    /// </summary>
    public double? Dispersion { get; init; }
}
