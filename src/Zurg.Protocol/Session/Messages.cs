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

/// <summary>The services that consumers on this host ask for now: the whole list, each time.</summary>
public sealed record NamingSubscription
{
    public ImmutableArray<ServiceName> Services { get; init => field = value.IsDefault ? [] : value; } = [];
}
