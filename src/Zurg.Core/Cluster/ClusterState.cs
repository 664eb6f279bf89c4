using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What is known of the whole cluster: a fold of the store's keys, the same in every server and role.</summary>
public sealed record ClusterState
{
    public static ClusterState Empty { get; } = new();

    /// <summary>Everything up to here is folded in.</summary>
    public Revision Revision { get; init; }

    /// <summary>The newest applied spec.</summary>
    public AppliedSpec? Applied { get; init; }

    /// <summary>Instance specs by digest: of the newest spec and of everything still placed.</summary>
    public ImmutableSortedDictionary<Digest, InstanceSpec> InstanceSpecs { get; init; } =
        ImmutableSortedDictionary<Digest, InstanceSpec>.Empty;

    public ImmutableSortedDictionary<ServiceName, ServiceIntent> Intents { get; init; } =
        ImmutableSortedDictionary<ServiceName, ServiceIntent>.Empty;

    public ImmutableSortedDictionary<ReleaseId, ReleaseRecord> Releases { get; init; } =
        ImmutableSortedDictionary<ReleaseId, ReleaseRecord>.Empty;

    public ImmutableSortedDictionary<HostId, HostPlacements> Placements { get; init; } =
        ImmutableSortedDictionary<HostId, HostPlacements>.Empty;

    public ImmutableSortedDictionary<HostId, HostFacts> Facts { get; init; } =
        ImmutableSortedDictionary<HostId, HostFacts>.Empty;

    /// <summary>How far the subscribers of a service have come; of services that somebody waits for, or did.</summary>
    public ImmutableSortedDictionary<ServiceName, ServiceConfirmation> Confirmed { get; init; } =
        ImmutableSortedDictionary<ServiceName, ServiceConfirmation>.Empty;

    public ImmutableSortedDictionary<ServiceName, Rollout> Rollouts { get; init; } =
        ImmutableSortedDictionary<ServiceName, Rollout>.Empty;

    public ImmutableSortedDictionary<HostId, HostIntent> HostIntents { get; init; } =
        ImmutableSortedDictionary<HostId, HostIntent>.Empty;

    /// <summary>What was withdrawn lately without anybody's word; null: nothing ever.</summary>
    public UnaskedActions? Unasked { get; init; }

    /// <summary>The revision of each key's last write, for guarded writes.</summary>
    public ImmutableSortedDictionary<string, Revision> Modified { get; init; } =
        ImmutableSortedDictionary.Create<string, Revision>(StringComparer.Ordinal);

    /// <summary>Keys whose value this build could not read, with the reason: held, not guessed (DESIGN.md promise 8).</summary>
    public ImmutableSortedDictionary<string, string> Unreadable { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public ServiceIntent IntentOf(ServiceName service) => Intents.GetValueOrDefault(service) ?? ServiceIntent.Of(service);

    /// <summary>Why the host is to be emptied; null when it is not.</summary>
    public HostIntent? DrainOf(HostId host) => HostIntents.GetValueOrDefault(host) is { Drained: true } intent ? intent : null;

    /// <summary>Whether the host is counted as gone for good.</summary>
    public bool IsLost(HostId host) => Facts.GetValueOrDefault(host)?.Session == HostSession.Lost;

    /// <summary>Whose word it is that the host is lost: "by word of ann".</summary>
    public string LossOf(HostId host) =>
        HostIntents.GetValueOrDefault(host)?.Lost is { } word ? $"by word of {word.By}" : "by a word that was taken back";

    public Revision ModifiedOf(string key) => Modified.GetValueOrDefault(key);
}
