using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// What an agent says on its session. Exactly one part is set; none set means a case of a newer build, which is counted and
/// otherwise ignored (DESIGN.md promise 8).
/// </summary>
public sealed record AgentMessage
{
    public AgentHello? Hello { get; init; }

    public HostReport? Report { get; init; }

    public NamingSubscription? Naming { get; init; }

    /// <summary>What its consumers use; said again in each session. Older agents never say it.</summary>
    public NamingConfirmation? Confirmed { get; init; }

    /// <summary>Which sets it has. Older agents never say it; older masters count it and do nothing.</summary>
    public KnownSets? Known { get; init; }

    /// <summary>Who uses which services. Older agents never say it.</summary>
    public HostUses? Uses { get; init; }

    public LogChunk? Log { get; init; }

    /// <summary>The newest reading; said again in each session.</summary>
    public HostMeasures? Measures { get; init; }

    public ConfigAnswer? Configs { get; init; }

    public EnvAnswer? Env { get; init; }

    public CoreAnswer? Cores { get; init; }

    /// <summary>The request that this answers; null when it answers none.</summary>
    [JsonIgnore]
    public long? Nonce => Log?.Nonce ?? Configs?.Nonce ?? Env?.Nonce ?? Cores?.Nonce;
}

/// <summary>What a master says on a session. Exactly one part is set.</summary>
public sealed record MasterMessage
{
    public MasterWelcome? Welcome { get; init; }

    public Assignment? Assignment { get; init; }

    public EndpointSet? Endpoints { get; init; }

    /// <summary>Events up to this number are in the master's log: the agent need not repeat them.</summary>
    public long? EventsKept { get; init; }

    /// <summary>
    /// What the host has said of uses up to this number is kept: it may say what has changed since. 0 asks for all that it has.
    /// Older masters never say it.
    /// </summary>
    public long? UsesKept { get; init; }

    public LogRequest? Log { get; init; }

    public ConfigRequest? Configs { get; init; }

    public EnvRequest? Env { get; init; }

    public ExecRequest? Exec { get; init; }

    public CoreRequest? Cores { get; init; }
}

/// <summary>The agent's first words.</summary>
public sealed record AgentHello
{
    public required HostId Host { get; init; }

    /// <summary>The cluster it belongs to; null before it has joined one.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Grows with every start of the agent: of two sessions of one host the newer one counts.</summary>
    public required Epoch AgentEpoch { get; init; }

    public required HostDescription Description { get; init; }
}

/// <summary>The master's first words.</summary>
/// <param name="ClusterId">An agent that belongs to another cluster refuses to go on.</param>
/// <param name="Refusal">Set when the agent is not let in: why; the session ends after it.</param>
public sealed record MasterWelcome(string ClusterId, string Build, string? Refusal = null);

/// <summary>
/// The whole truth of a host at one moment, each second and at every change. Its number is the sign of life: it is made by the
/// agent's own loop, never by the transport.
/// </summary>
public sealed record HostReport
{
    /// <summary>Grows with every report of one agent epoch.</summary>
    public required long Number { get; init; }

    public required Generation Applied { get; init; }

    /// <summary>Ordered by instance.</summary>
    public ImmutableArray<InstanceStatus> Instances { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Events that the master has not yet kept, oldest first, at most <see cref="EventsMax"/>; ids are the journal's.
    /// </summary>
    public ImmutableArray<EventRecord> Events { get; init => field = value.IsDefault ? [] : value; } = [];

    public const int EventsMax = 100;
}

/// <summary>Everything that one host must run (STYLE.md rule 7). An instance that is not in it must not run.</summary>
public sealed record Assignment
{
    public required HostId Host { get; init; }

    public required Generation Generation { get; init; }

    /// <summary>Ordered by instance.</summary>
    public ImmutableArray<AssignedInstance> Instances { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Every plain setting of the cluster, for templates.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init => field = value ?? Wire.NoText; } = Wire.NoText;

    /// <summary>Every host of the cluster by name, for templates; empty when no instance of this host has any.</summary>
    public ImmutableArray<ClusterHost> Hosts { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// What of this host was ready when the master last heard of it; said to a host that connects, for an agent that has lost its
    /// journal. Empty from a master of an earlier build.
    /// </summary>
    public ImmutableArray<ReadyIncarnation> Ready { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>An incarnation that was ready once: what says so only once is not asked to say it again.</summary>
public sealed record ReadyIncarnation(InstanceId Instance, Incarnation Incarnation);

/// <summary>One instance that a host must have.</summary>
public sealed record AssignedInstance
{
    public required InstanceId Instance { get; init; }

    public required WantedPhase Wanted { get; init; }

    public required InstanceSpec Spec { get; init; }

    public required Digest SpecDigest { get; init; }

    public required long Restarts { get; init; }

    /// <summary>Of the release's manifest: bytes that differ from it never run.</summary>
    public required Digest Manifest { get; init; }

    public required RestartPolicy Restart { get; init; }

    public required StopPolicy Stop { get; init; }

    /// <summary>Null from a master of an earlier build: the agent's defaults.</summary>
    public LogPolicy? Logs { get; init; }

    /// <summary>Null: the cluster has no keys, and no release needs a signature.</summary>
    public SigningTerms? Signing { get; init; }

    public ImmutableArray<ServiceName> DependsOn { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What it gets next: laid out and checked while this one runs, of which nothing is touched.</summary>
    public NextInstance? Next { get; init; }

    /// <summary>Its process is told to answer no new request, and says so in <see cref="InstanceStatus.Refuses"/>.</summary>
    public bool? Refuse { get; init; }

    /// <summary>As in <see cref="Placement"/>: handed to its process with <see cref="Refuse"/>, which hands it back.</summary>
    public long? TrafficEpoch { get; init; }

    /// <summary>
    /// This incarnation ends, and a later one is begun; of another one it says nothing. See
    /// <see cref="HostDescription.EndsIncarnations"/>.
    /// </summary>
    public Incarnation? Ends { get; init; }

    /// <summary>Where the agent listens for it. An older agent does not.</summary>
    public ImmutableArray<UseSpec> Uses { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>What an instance is to run after what it runs now.</summary>
/// <param name="Manifest">Of the release's manifest.</param>
/// <param name="Signing">Null: the cluster has no keys.</param>
public sealed record NextInstance(InstanceSpec Spec, Digest SpecDigest, Digest Manifest, SigningTerms? Signing = null);

/// <summary>What a host needs to see for itself that a release is signed as the cluster wants it.</summary>
/// <param name="Keys">As in <see cref="ClusterSpec.Keys"/>; not empty.</param>
/// <param name="Signatures">Of the release's manifest.</param>
public sealed record SigningTerms(
    ImmutableSortedDictionary<string, string> Keys, ImmutableArray<ReleaseSignature> Signatures);

/// <summary>The services that consumers on this host ask for now: the whole list, each time.</summary>
public sealed record NamingSubscription
{
    public ImmutableArray<ServiceName> Services { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>A piece of an instance's log, please.</summary>
/// <param name="Nonce">Comes back with the answer.</param>
/// <param name="Offset">In bytes from the start of the log; negative: so many of its kept bytes before its end.</param>
/// <param name="BytesMax">At most 256 KiB are sent at once.</param>
/// <param name="Wait">When there is nothing after the offset, wait so long for more; at most 30 s.</param>
public sealed record LogRequest(long Nonce, InstanceId Instance, long Offset, int BytesMax, TimeSpan Wait)
{
    /// <summary>Begin with the first line read at this time or later, if that is after the offset.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <param name="Offset">Where <paramref name="Text"/> begins: later than asked for when what is before is no longer kept.</param>
/// <param name="Next">Where the next piece begins.</param>
/// <param name="Problem">Why there is none, in plain language.</param>
public sealed record LogChunk(long Nonce, long Offset, long Next, string Text, string? Problem = null)
{
    /// <summary>
    /// When what the text holds was read, ordered by offset; the first one may begin before the text. Empty from an older agent.
    /// </summary>
    public ImmutableArray<LogTime> Times { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Where the log ended when it was read; null from an older agent.</summary>
    public long? End { get; init; }

    /// <summary>Whose log it is; said by the master.</summary>
    public HostId? Host { get; init; }
}

/// <summary>Lines that begin at the offset or after it, before that of the next one, were read at this time.</summary>
public sealed record LogTime(long Offset, DateTimeOffset At);
