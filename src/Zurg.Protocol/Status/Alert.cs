using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Something that a person should look at, from the moment it is told until some time after it is over.</summary>
public sealed record Alert
{
    /// <summary>Names it for good: the same trouble of the same thing has the same key, so it is told once.</summary>
    public required string Key { get; init; }

    public required AlertKind Kind { get; init; }

    /// <summary>One plain sentence.</summary>
    public required string Text { get; init; }

    /// <summary>What a person can do about it; null when nothing is known.</summary>
    public string? Mend { get; init; }

    public ServiceName? Service { get; init; }

    public InstanceId? Instance { get; init; }

    public HostId? Host { get; init; }

    /// <summary>When the trouble began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it was there for long enough to be told.</summary>
    public required DateTimeOffset FiredAt { get; init; }

    /// <summary>When it was over; null while it lasts.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Of the newest change of it (fired or resolved): grows over all alerts of the cluster.</summary>
    public required long Number { get; init; }
}

[JsonConverter(typeof(WireEnumConverter<AlertKind>))]
public enum AlertKind
{
    Unknown,
    Test,
    HoldTooLong,
    CrashLoop,
    HostSilent,
    HostLow,
    ReleaseQuarantined,
    LogTrouble,
    HistoryLost,
}

/// <summary>What a webhook is sent: one change of one alert.</summary>
/// <param name="Number">As <see cref="Alert.Number"/>: a notice that comes twice has the same one.</param>
/// <param name="Status">firing or resolved.</param>
public sealed record AlertNotice(long Number, string Status, string Cluster, Alert Alert);

/// <summary>What the rules remember between two looks: the key alerts/book, written by the decider's master.</summary>
public sealed record AlertBook
{
    public static AlertBook Empty { get; } = new();

    /// <summary>Events of the log up to this id have been counted.</summary>
    public long LastEvent { get; init; }

    /// <summary>The newest change of any alert.</summary>
    public long LastNumber { get; init; }

    /// <summary>Firing, and resolved ones until every webhook has been told; ordered by key.</summary>
    public ImmutableArray<Alert> Alerts { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Trouble that is there or was a moment ago, told or not yet; ordered by key.</summary>
    public ImmutableArray<AlertSighting> Sightings { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Ends that nobody asked for, within the window; ordered by instance.</summary>
    public ImmutableArray<CrashTimes> Crashes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>How far each webhook has been told; ordered by receiver.</summary>
    public ImmutableArray<AlertReceipt> Receipts { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Since">When it was first seen.</param>
/// <param name="Seen">When it was last seen.</param>
public sealed record AlertSighting(string Key, DateTimeOffset Since, DateTimeOffset Seen);

public sealed record CrashTimes(InstanceId Instance, ImmutableArray<DateTimeOffset> At);

/// <param name="Number">Changes up to this one were delivered.</param>
public sealed record AlertReceipt(string Receiver, long Number);

/// <summary>zurg alerts.</summary>
public sealed record AlertStatus
{
    /// <summary>Firing first, then resolved ones that are still kept; within each the newest first.</summary>
    public ImmutableArray<Alert> Alerts { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<ReceiverStatus> Receivers { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One receiver, without what may be secret of it.</summary>
public sealed record ReceiverStatus
{
    /// <summary>Stays the same while kind and URL do.</summary>
    public required string Id { get; init; }

    public required ReceiverKind Kind { get; init; }

    /// <summary>Scheme, host and port; "/..." stands for a path.</summary>
    public required string Url { get; init; }

    /// <summary>Changes that it has not been told yet.</summary>
    public required int Waiting { get; init; }

    /// <summary>The newest change that it is known to have, also after a restart; 0 for Alertmanagers.</summary>
    public required long Told { get; init; }

    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>Why the last try failed; null when it did not.</summary>
    public string? Failure { get; init; }

    public DateTimeOffset? FailedAt { get; init; }

    public DateTimeOffset? NextTry { get; init; }
}

/// <summary>What a receiver said to a test alert.</summary>
/// <param name="Text">delivered, or why not.</param>
public sealed record AlertTestResult(string Receiver, ReceiverKind Kind, string Url, bool Delivered, string Text);
