using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>The endpoint sets of every service that has, or had, any.</summary>
public sealed record NamingState
{
    public static NamingState Empty { get; } = new();

    public ImmutableSortedDictionary<ServiceName, EndpointSet> Sets { get; init; } =
        ImmutableSortedDictionary<ServiceName, EndpointSet>.Empty;

    /// <summary>The set of a service; an empty one at revision 0 for a service that never had an endpoint.</summary>
    public EndpointSet SetOf(ServiceName service) =>
        Sets.GetValueOrDefault(service) ?? new EndpointSet { Service = service, Revision = new Revision(0) };
}
