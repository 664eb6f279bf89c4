using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A service's instances, told apart: those that the spec wants, those on top of them (spare ones while a change goes on, too
/// many else), and those on a host where none of this service belongs any more.
/// </summary>
internal sealed record Roster(
    ImmutableArray<PlacedOn> Regular, ImmutableArray<PlacedOn> Surplus, ImmutableArray<PlacedOn> Displaced)
{
    /// <summary>Regular and surplus: those that take part in a change.</summary>
    public IEnumerable<PlacedOn> Staying => Regular.Concat(Surplus);

    public static Roster Of(ClusterState state, Board board, ServiceSpec service)
    {
        var placed = board.Of(service.Name);
        if (service.Scale.Instances is { } count)
        {
            return new Roster(
                [.. placed.Where(p => p.Placement.Instance.Index < count)],
                [.. placed.Where(p => p.Placement.Instance.Index >= count)],
                []);
        }

        var displaced = placed.Where(p => WhyDisplaced(state, board, service, p.Host) is not null).ToImmutableArray();
        var perHost = placed.Except(displaced).GroupBy(p => p.Host).Select(g => g.ToImmutableArray()).ToImmutableArray();
        var most = service.Scale.PerHost ?? 1;
        return new Roster(
            [.. perHost.SelectMany(g => g.Take(most)).OrderBy(p => p.Placement.Instance)],
            [.. perHost.SelectMany(g => g.Skip(most)).OrderBy(p => p.Placement.Instance)],
            displaced);
    }

    /// <summary>Why a service that is told its hosts does not belong on this one; null when it does.</summary>
    public static string? WhyDisplaced(ClusterState state, Board board, ServiceSpec service, HostId host) =>
        service.Scale.Instances is not null ? null
        : !service.Scale.Hosts.IsEmpty && !service.Scale.Hosts.Contains(host) ? $"{host} is not among its hosts"
        : state.DrainOf(host) is { } drain ? $"{host} is being emptied by {drain.By}"
        : board.Find(host) is { Facts: not null } known && known.LackedLabel(service) is { } label
            ? $"{host} has no label {label}"
        : null;
}
