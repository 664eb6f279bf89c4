using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// Which revision of each subscribed service the consumers of one host use: no new request can go to an endpoint that is not in
/// it. The whole list, each time; a service that is not in it has no set in use on this host yet.
/// </summary>
public sealed record NamingConfirmation
{
    /// <summary>Ordered by service.</summary>
    public ImmutableArray<ConfirmedRevision> Services { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Revision">The lowest that any consumer of the host uses; the agent's own newest when there is none.</param>
public sealed record ConfirmedRevision(ServiceName Service, Revision Revision)
{
    /// <summary>Who uses less than the agent's newest, the longest first; at most <see cref="LateMax"/>.</summary>
    public ImmutableArray<LateSubscriber> Late { get; init => field = value.IsDefault ? [] : value; } = [];

    public const int LateMax = 16;
}

/// <param name="Name">For people: its instance or its command, and its pid.</param>
/// <param name="Revision">What it uses.</param>
/// <param name="Since">When it was first told of a newer one.</param>
public sealed record LateSubscriber(string Name, Revision Revision, DateTimeOffset Since);
