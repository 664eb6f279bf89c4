using System.Collections.Immutable;

namespace Zurg.Protocol;

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
