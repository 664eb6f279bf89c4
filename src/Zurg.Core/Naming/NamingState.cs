using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>The endpoint sets of every service that has, or had, any.</summary>
public sealed record NamingState
{
    public static NamingState Empty { get; } = new();

    public ImmutableSortedDictionary<ServiceName, EndpointSet> Sets { get; init; } =
        ImmutableSortedDictionary<ServiceName, EndpointSet>.Empty;

    /// <summary>Where this view of the store began: what has no set had none there either.</summary>
    public Revision Since { get; init; }

    /// <summary>
    /// The set of a service; for one without any endpoint since this view began an empty one as new as that. Consumers may still
    /// have an older one from before, and would keep it if this were older.
    /// </summary>
    public EndpointSet SetOf(ServiceName service) =>
        Sets.GetValueOrDefault(service) ?? new EndpointSet { Service = service, Revision = Since };
}
