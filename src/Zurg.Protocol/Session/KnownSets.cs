using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// Which set of each service a host has, said now and then: a push that was lost, or a set that was damaged, does not last
/// longer than until the next two of these.
/// </summary>
public sealed record KnownSets
{
    /// <summary>Every service that the host follows, ordered.</summary>
    public ImmutableArray<KnownSet> Services { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Revision">Of the set that the host has; null: it has none.</param>
/// <param name="Digest">Of that set's endpoints.</param>
public sealed record KnownSet(ServiceName Service, Revision? Revision = null, Digest? Digest = null);
