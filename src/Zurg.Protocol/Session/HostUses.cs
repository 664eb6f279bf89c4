using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// Who uses which services, as one host saw it. Nothing is said before the master says how far it has kept it, which it does
/// first in each session; then what has changed since, a piece at a time, each once the one before is kept.
/// </summary>
public sealed record HostUses
{
    /// <summary>Everything that changed up to here, and after what the master said to have kept, is in it.</summary>
    public required long Number { get; init; }

    /// <summary>Since when this host watches without a gap in which a client could have come and gone.</summary>
    public required DateTimeOffset Since { get; init; }

    public ImmutableArray<UseSighting> Sightings { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Of sightings in one message.</summary>
    public const int SightingsMax = 128;
}
