using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>What happened to a service, an instance or a host: zurg history.</summary>
public sealed record History
{
    /// <summary>The newest, in the order of their starts.</summary>
    public ImmutableArray<StartRecord> Starts { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The newest, in the order in which they happened; starts and ends are among them.</summary>
    public ImmutableArray<EventRecord> Events { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One incarnation of an instance, from its start to its end, as far as the log knows it.</summary>
public sealed record StartRecord
{
    public required InstanceId Instance { get; init; }

    public required HostId Host { get; init; }

    public required Incarnation Incarnation { get; init; }

    /// <summary>When its process was started; worked out from its end when the log no longer has its start.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Why it was started; null when nobody said.</summary>
    public string? StartReason { get; init; }

    /// <summary>Null when the log no longer has its start.</summary>
    public ReleaseId? Release { get; init; }

    /// <summary>Of what it ran; null when the log no longer has its start.</summary>
    public Digest? Spec { get; init; }

    public int? Pid { get; init; }

    /// <summary>How it ended, how long it ran, what it took; null while it runs, or when its end was never heard of.</summary>
    public InstanceExit? Exit { get; init; }
}
