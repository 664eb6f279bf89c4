using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>What is known of a host: the key facts/HOST, written by its speaker and only when it changed.</summary>
public sealed record HostFacts
{
    public required HostId Host { get; init; }

    public required HostDescription Description { get; init; }

    public required HostSession Session { get; init; }

    /// <summary>When the session became what it is.</summary>
    public required DateTimeOffset SessionSince { get; init; }

    /// <summary>The generation that the agent has taken over.</summary>
    public required Generation Applied { get; init; }

    /// <summary>Ordered by instance; none of a lost host.</summary>
    public ImmutableArray<InstanceStatus> Instances { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What the host is short of: while there is any, it gets no new instance.</summary>
    public ImmutableArray<HostLow> Lows { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Services that consumers of this host follow, ordered: each of them is waited for before an endpoint of it is stopped.
    /// Written before the host is told its first set (DESIGN.md promise 2).
    /// </summary>
    public ImmutableArray<ServiceName> Follows { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// It was lost and has been heard again, then: it is told what to run once nobody uses any more what it is to give up. Null
    /// when it was told.
    /// </summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    /// <summary>
    /// What it ran when it was lost, ordered, until it is told again what to run: an agent that comes back without its journal
    /// does not know of it before that.
    /// </summary>
    public ImmutableArray<InstanceId> RanWhenLost { get; init => field = value.IsDefault ? [] : value; } = [];

    public InstanceStatus? Find(InstanceId instance) => Instances.FirstOrDefault(i => i.Instance == instance);
}

/// <summary>A host as its agent describes it when it says hello.</summary>
public sealed record HostDescription
{
    public required CellName Cell { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init => field = value ?? Wire.NoText; } = Wire.NoText;

    /// <summary>Where its instances can be reached: an IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The kernel's boot id: another one means that the host was started anew.</summary>
    public required string BootId { get; init; }

    /// <summary>The agent's build.</summary>
    public required string Build { get; init; }

    /// <summary>Memory of the host in bytes.</summary>
    public required long Memory { get; init; }

    public required int Cpus { get; init; }

    public required string Kernel { get; init; }

    /// <summary>What the agent can hold processes to here: "cgroup v2: memory, pids" or why not.</summary>
    public required string Limits { get; init; }

    /// <summary>Where other hosts of the cluster get files of its releases; null: nowhere.</summary>
    public Uri? Share { get; init; }

    /// <summary>
    /// Its agent says which <see cref="InstanceStatus.TrafficEpoch"/> an instance goes by; null from an older one.
    /// </summary>
    public bool? TrafficEpochs { get; init; }

    /// <summary>Its agent prepares what an instance gets next while the instance still runs; null from an older agent.</summary>
    public bool? Prepares { get; init; }

    /// <summary>Its agent does what <see cref="AssignedInstance.Ends"/> says; null from an older agent.</summary>
    public bool? EndsIncarnations { get; init; }

    /// <summary>Its agent says who uses which services, once asked; null from older ones.</summary>
    public bool? WatchesUses { get; init; }
}
