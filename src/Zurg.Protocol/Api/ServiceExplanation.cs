using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>Why one service is as it is: its spec, its instances, its holds, its endpoints.</summary>
public sealed record ServiceExplanation
{
    public required ServiceStatus Status { get; init; }

    public ServiceSpec? Spec { get; init; }

    public ImmutableArray<Hold> Holds { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The decider's next steps, in words.</summary>
    public ImmutableArray<string> Steps { get; init => field = value.IsDefault ? [] : value; } = [];

    public required EndpointSet Endpoints { get; init; }

    /// <summary>
    /// Every host whose consumers follow the service, by name, and what they use: before an endpoint is stopped, all of them are
    /// waited for.
    /// </summary>
    public ImmutableArray<ServiceFollower> Followers { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Session">A host that is silent goes on using what it heard last: it is waited for all the same.</param>
/// <param name="Confirmed">
/// Its consumers use this revision of the set or a newer one; null when the answering master has not heard from it yet, or its
/// agent is too old to say it.
/// </param>
public sealed record ServiceFollower(HostId Host, HostSession Session, Revision? Confirmed = null)
{
    /// <summary>Consumers there that use less than their agent's newest set, the longest first; at most 16.</summary>
    public ImmutableArray<LateSubscriber> Late { get; init => field = value.IsDefault ? [] : value; } = [];
}
