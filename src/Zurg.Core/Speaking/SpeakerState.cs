using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What the speaker knows: the cluster as its server sees it, and each of its hosts.</summary>
public sealed record SpeakerState
{
    public static SpeakerState Empty { get; } = new();

    public ClusterState Cluster { get; init; } = ClusterState.Empty;

    public ImmutableSortedDictionary<HostId, SpokenHost> Hosts { get; init; } =
        ImmutableSortedDictionary<HostId, SpokenHost>.Empty;

    /// <summary>The endpoint sets that follow from the cluster.</summary>
    public NamingState Naming { get; init; } = NamingState.Empty;

    /// <summary>Services whose consumers somebody waits for.</summary>
    public ImmutableSortedSet<ServiceName> WaitedFor { get; init; } = [];

    /// <summary>What the store holds of them; this speaker is the only one who writes it.</summary>
    public ImmutableSortedDictionary<ServiceName, WrittenConfirmation> Written { get; init; } =
        ImmutableSortedDictionary<ServiceName, WrittenConfirmation>.Empty;

    public SpeakerState With(SpokenHost host) => this with { Hosts = Hosts.SetItem(host.Host, host) };
}

/// <param name="At">When it was written; of an earlier speaker: long ago.</param>
public sealed record WrittenConfirmation(ServiceConfirmation Value, DateTimeOffset At);

/// <summary>One host as its speaker knows it.</summary>
public sealed record SpokenHost
{
    public required HostId Host { get; init; }

    /// <summary>A session is open. Whether the host is silent is another matter: its reports tell.</summary>
    public required bool IsConnected { get; init; }

    /// <summary>When its last report came; for a host of an earlier speaker, when this one began to listen.</summary>
    public required DateTimeOffset Heard { get; init; }

    public required HostSession Session { get; init; }

    public required DateTimeOffset SessionSince { get; init; }

    /// <summary>Null before its first hello.</summary>
    public HostDescription? Description { get; init; }

    public Generation Applied { get; init; }

    public ImmutableArray<InstanceStatus> Instances { get; init; } = [];

    /// <summary>What it is short of, by the readings so far.</summary>
    public ImmutableArray<HostLow> Lows { get; init; } = [];

    /// <summary>Services that its consumers follow: those of its facts, or that will be in the next ones.</summary>
    public ImmutableSortedSet<ServiceName> Follows { get; init; } = [];

    /// <summary>It asked for what it follows and was not offered it yet: its facts could not be written so far.</summary>
    public bool OwesSets { get; init; }

    /// <summary>What its consumers use, as it said in its newest session.</summary>
    public ImmutableSortedDictionary<ServiceName, ConfirmedRevision> Confirmed { get; init; } =
        ImmutableSortedDictionary<ServiceName, ConfirmedRevision>.Empty;

    /// <summary>As in its facts.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    /// <summary>As in its facts.</summary>
    public ImmutableSortedSet<InstanceId> RanWhenLost { get; init; } = [];

    /// <summary>The newest reading of its own numbers; never stored.</summary>
    public HostMeasures? Measures { get; init; }

    /// <summary>When the newest reading came, or its session was opened.</summary>
    public required DateTimeOffset MeasuredAt { get; init; }

    /// <summary>Events of its journal up to here are in the log, or on their way there.</summary>
    public long EventsKept { get; init; }

    /// <summary>What the last assignment said, without its generation.</summary>
    public Digest? Said { get; init; }

    /// <summary>The facts as they were last written.</summary>
    public Digest? Written { get; init; }

    /// <summary>
    /// Bytes of a host's facts as JSON: one value of the store, where a commit holds 1 MiB. What is left is for the keys, and for
    /// a description that grew since (a hello of 16 KiB is below 100 KB however it is escaped).
    /// </summary>
    public const int FactsBytesMax = 900_000;

    public static SpokenHost New(HostId host, DateTimeOffset now) => new()
    {
        Host = host,
        IsConnected = false,
        Heard = now,
        MeasuredAt = now,
        Session = HostSession.Unknown,
        SessionSince = now,
    };

    public static SpokenHost Of(HostFacts facts, DateTimeOffset now) => New(facts.Host, now) with
    {
        Session = facts.Session,
        SessionSince = facts.SessionSince,
        Description = facts.Description,
        Applied = facts.Applied,
        Instances = facts.Instances,
        Lows = facts.Lows,
        Follows = [.. facts.Follows],
        ReturnedAt = facts.ReturnedAt,
        RanWhenLost = [.. facts.RanWhenLost],
        Written = DigestOf(facts),
    };

    /// <summary>Null until it has said who it is and what it runs.</summary>
    public HostFacts? FactsOf() => Description is null || Session == HostSession.Unknown ? null : new HostFacts
    {
        Host = Host,
        Description = Description,
        Session = Session,
        SessionSince = SessionSince,
        Applied = Applied,
        Instances = Instances,
        Lows = Lows,
        Follows = [.. Follows],
        ReturnedAt = ReturnedAt,
        RanWhenLost = [.. RanWhenLost],
    };

    public static Digest DigestOf(HostFacts facts) => Digest.Of(JsonOf(facts));

    public static byte[] JsonOf(HostFacts facts) => JsonSerializer.SerializeToUtf8Bytes(facts, WireJson.Default.HostFacts);

    /// <summary>Of its JSON; a session's message holds 4 MiB, and something is around it.</summary>
    public const int AssignmentBytesMax = (4 * 1024 * 1024) - (64 * 1024);

    /// <param name="assignment">With its generation, or without.</param>
    /// <param name="size">Of its JSON in bytes.</param>
    public static Digest DigestOf(Assignment assignment, out int size)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(assignment, WireJson.Default.Assignment);
        size = json.Length;
        return Digest.Of(json);
    }
}
