using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What people are shown of the cluster: pure views of what a server knows.</summary>
public static class StatusView
{
    public static ClusterStatus Of(ClusterState state, NamingState naming, DateTimeOffset now)
    {
        var plan = DeciderMachine.Decide(state, naming, now);
        var (at, board) = (new Planning(state, naming, now), new Board(state));
        return new ClusterStatus
        {
            Cluster = state.Applied?.Spec.Cluster,
            Spec = state.Applied?.Number ?? default,
            Converged = plan.IsConverged,
            Services = [.. ServicesOf(state).Select(service => ServiceOf(at, board, service))],
            Hosts = HostsOf(state),
            Holds = plan.Holds,
        };
    }

    public static ImmutableArray<HostStatus> HostsOf(ClusterState state) =>
    [
        .. state.Facts.Values.Select(facts => new HostStatus
        {
            Host = facts.Host,
            Session = facts.Session,
            SessionSince = facts.SessionSince,
            Description = facts.Description,
            Wanted = new Generation(state.ModifiedOf(StoreKeys.Placements(facts.Host)).Value),
            Applied = facts.Applied,
            Instances = facts.Instances.Length,
            Ready = facts.Instances.Count(i => i.IsReady()),
            Lows = facts.Lows,
            Drained = state.DrainOf(facts.Host),
            Lost = state.IsLost(facts.Host) ? state.HostIntents.GetValueOrDefault(facts.Host)?.Lost : null,
        }),
    ];

    /// <summary>Null when neither the spec nor any host knows the service.</summary>
    public static ServiceExplanation? Explain(
        ClusterState state, NamingState naming, ServiceName service, DateTimeOffset now)
    {
        if (!ServicesOf(state).Contains(service))
        {
            return null;
        }

        var plan = DeciderMachine.Decide(state, naming, now);
        return new ServiceExplanation
        {
            Status = ServiceOf(new Planning(state, naming, now), new Board(state), service),
            Spec = state.Applied?.Spec.Find(service),
            Holds = [.. plan.Holds.Where(h => (h.Service ?? h.Instance?.Service) == service)],
            Steps = [.. plan.Steps.Where(s => s.Instance.Service == service).Select(s => s.Text)],
            Endpoints = naming.SetOf(service),
        };
    }

    /// <summary>Every service of the spec, still placed, or still reported by a host.</summary>
    private static ImmutableSortedSet<ServiceName> ServicesOf(ClusterState state) =>
    [
        .. state.Applied?.Spec.Services.Select(s => s.Name) ?? [],
        .. state.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance.Service),
        .. state.Facts.Values.SelectMany(f => f.Instances).Select(i => i.Instance.Service),
    ];

    private static ServiceStatus ServiceOf(Planning at, Board board, ServiceName service)
    {
        var state = at.State;
        var spec = state.Applied?.Spec.Find(service);
        var instances = InstancesOf(state, service, spec is null ? null : state.Applied!.DigestOf).ToImmutableArray();
        return new ServiceStatus
        {
            Service = service,
            Release = spec?.Instance.Release,
            Wanted = WantedCount(state, spec),
            Ready = instances.Count(i => i.Status?.IsReady() == true),
            Stopped = state.IntentOf(service).Stopped,
            Retired = state.IntentOf(service).Retired,
            Rollout = RolloutView.Of(at, board, service),
            Instances = instances,
        };
    }

    private static IEnumerable<PlacedInstance> InstancesOf(
        ClusterState state, ServiceName service, Func<InstanceId, Digest>? digestOf)
    {
        var intent = state.IntentOf(service);
        var placed = state.Placements.Values
            .SelectMany(h => h.Instances.Select(p => (p.Instance, h.Host, Placement: (Placement?)p)))
            .Where(p => p.Instance.Service == service);
        var reported = state.Facts.Values
            .SelectMany(f => f.Instances.Select(i => (i.Instance, f.Host, Placement: (Placement?)null)))
            .Where(i => i.Instance.Service == service);
        var groups = placed.Concat(reported).GroupBy(p => (p.Instance, p.Host));
        return groups.OrderBy(g => g.Key.Instance).ThenBy(g => g.Key.Host).Select(group =>
        {
            var (instance, host) = group.Key;
            var placement = group.Select(p => p.Placement).FirstOrDefault(p => p is not null);
            var facts = state.Facts.GetValueOrDefault(host);
            var status = facts?.Find(instance);
            var digest = digestOf?.Invoke(instance);
            var current = placement?.Spec == digest && status?.Spec == digest && status?.Restarts == intent.RestartsOf(instance);
            return new PlacedInstance(instance, host, facts?.Description.Cell, current, status)
            {
                DrainingSince = placement?.DrainingSince,
                Unlisted = placement?.Unlisted,
                Refuse = placement?.Refuse,
            };
        });
    }

    private static int WantedCount(ClusterState state, ServiceSpec? spec) => spec switch
    {
        null => 0,
        _ when state.IntentOf(spec.Name) is { Stopped: true } or { Retired: not null } => 0,
        { Scale.Instances: { } count } => count,
        { Scale.Hosts: { IsEmpty: false } hosts } => hosts.Count(h => state.DrainOf(h) is null),
        _ => (spec.Scale.PerHost ?? 1) * state.Facts.Values.Count(f => state.DrainOf(f.Host) is null && !state.IsLost(f.Host)
            && new BoardHost(f.Host, f, frozen: false, drain: null).LackedLabel(spec) is null),
    };
}
