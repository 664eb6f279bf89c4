using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>One numbered revision of the spec: what was applied, by whom, when. Never changed once written.</summary>
public sealed record AppliedSpec
{
    public required SpecNumber Number { get; init; }

    public required string Author { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>cluster.yaml as it was given.</summary>
    public required string Text { get; init; }

    public required ClusterSpec Spec { get; init; }

    /// <summary>The digest of each service's <see cref="InstanceSpec"/>, taken when it was applied.</summary>
    public required ImmutableSortedDictionary<ServiceName, Digest> InstanceDigests { get; init; }

    /// <summary>The same for instances that have variables of their own, and so a spec of their own; or null.</summary>
    public ImmutableSortedDictionary<InstanceId, Digest>? OwnDigests { get; init; }

    /// <summary>Of what the instance is to run; its service must be in the spec.</summary>
    public Digest DigestOf(InstanceId instance) =>
        OwnDigests is { } own && own.TryGetValue(instance, out var digest) ? digest : InstanceDigests[instance.Service];

    /// <summary>What the author had seen as newest; 0 for nothing.</summary>
    public required SpecNumber BasedOn { get; init; }

    /// <summary>Set when this is a revert: the number whose text it repeats.</summary>
    public SpecNumber? RevertOf { get; init; }

    /// <summary>
    /// Services that this apply or an earlier one took out and that may have instances still, ordered; null: none. What is left
    /// of them is drained and stopped as their last spec said.
    /// </summary>
    public ImmutableArray<LeavingService>? Leaving { get; init; }

    public LeavingService? FindLeaving(ServiceName service) =>
        Leaving is { } leaving ? leaving.FirstOrDefault(l => l.Service.Name == service) : null;

    /// <summary>What the spec says of a service, or said last while it leaves; null: nothing.</summary>
    public ServiceSpec? FindLast(ServiceName service) => Spec.Find(service) ?? FindLeaving(service)?.Service;
}

/// <param name="Service">As the last spec that had it said.</param>
/// <param name="At">When it was taken out.</param>
/// <param name="By">Who took it out.</param>
public sealed record LeavingService(ServiceSpec Service, DateTimeOffset At, string By);
