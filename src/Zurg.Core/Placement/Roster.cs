using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A service's instances, told apart: those that the spec wants, those on top of them (spare ones while a change goes on, too
/// many else), those on a host where none of this service belongs any more, and those that the spec wants and whose host is
/// lost. Of <c>per_host</c> a lost host is no host: what it had is in none of these.
/// </summary>
internal sealed record Roster(
    ImmutableArray<PlacedOn> Regular, ImmutableArray<PlacedOn> Surplus, ImmutableArray<PlacedOn> Displaced,
    ImmutableArray<PlacedOn> Lost)
{
    /// <summary>Regular and surplus: those that take part in a change.</summary>
    public IEnumerable<PlacedOn> Staying => Regular.Concat(Surplus);

    public static Roster Of(ClusterState state, Board board, ServiceSpec service)
    {
        var placed = board.Of(service.Name);
        if (service.Scale.Instances is { } count)
        {
            var wanted = placed.Where(p => p.Placement.Instance.Index < count).ToLookup(p => state.IsLost(p.Host));
            return new Roster(
                [.. wanted[false]], [.. placed.Where(p => p.Placement.Instance.Index >= count)], [], [.. wanted[true]]);
        }

        var displaced = placed.Where(p => WhyDisplaced(state, board, service, p.Host) is not null).ToImmutableArray();
        var stays = placed.Except(displaced).ToLookup(p => state.IsLost(p.Host));
        var perHost = stays[false].GroupBy(p => p.Host).Select(g => g.ToImmutableArray()).ToImmutableArray();
        var most = service.Scale.PerHost ?? 1;
        return new Roster(
            [.. perHost.SelectMany(g => g.Take(most)).OrderBy(p => p.Placement.Instance)],
            [.. perHost.SelectMany(g => g.Skip(most)).OrderBy(p => p.Placement.Instance)],
            displaced,
            service.Scale.Hosts.IsEmpty ? [] : [.. stays[true]]);
    }

    /// <summary>Why a service that is told its hosts does not belong on this one; null when it does.</summary>
    public static string? WhyDisplaced(ClusterState state, Board board, ServiceSpec service, HostId host) =>
        service.Scale.Instances is not null ? null
        : !service.Scale.Hosts.IsEmpty && !service.Scale.Hosts.Contains(host) ? $"{host} is not among its hosts"
        : WhyNotStay(state, board, service, host);

    /// <summary>Why no instance of the service may stay on a host, whatever the service's scale is; null when it may.</summary>
    public static string? WhyNotStay(ClusterState state, Board board, ServiceSpec service, HostId host) =>
        state.DrainOf(host) is { } drain ? $"{host} is being emptied by {drain.By}"
        : board.Find(host) is { Facts: not null } known && known.LackedLabel(service) is { } label
            ? $"{host} has no label {label}"
        : null;
}
