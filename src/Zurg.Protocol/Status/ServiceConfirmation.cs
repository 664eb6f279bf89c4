using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// How far the subscribers of a service have come, as their speaker wrote it: the key confirmed/SERVICE. Kept current only while
/// somebody waits for it.
/// </summary>
public sealed record ServiceConfirmation
{
    public required ServiceName Service { get; init; }

    /// <summary>Every host that follows the service uses this revision or a newer one.</summary>
    public required Revision Lowest { get; init; }

    /// <summary>Who is behind the newest set, the longest first; at most <see cref="ConfirmedRevision.LateMax"/>.</summary>
    public ImmutableArray<LateHost> Late { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Subscriber">The consumer there that is late, for people; null when the host itself has said nothing.</param>
public sealed record LateHost(HostId Host, Revision Revision, string? Subscriber = null);
