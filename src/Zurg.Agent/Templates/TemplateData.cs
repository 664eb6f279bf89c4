using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>Everything that a template of one instance can name.</summary>
internal sealed record TemplateData
{
    public required AssignedInstance Assigned { get; init; }

    public required HostId Host { get; init; }

    public required CellName Cell { get; init; }

    public required string Address { get; init; }

    public required ImmutableSortedDictionary<PortName, int> Ports { get; init; }

    /// <summary>Every plain setting of the cluster.</summary>
    public required ImmutableSortedDictionary<string, string> Settings { get; init; }

    /// <summary>Every host of the cluster, silent ones too.</summary>
    public required ImmutableArray<ClusterHost> Hosts { get; init; }

    /// <summary>One set for each service in depends_on; an empty one when nothing is known of it.</summary>
    public required ImmutableSortedDictionary<ServiceName, EndpointSet> Endpoints { get; init; }

    /// <summary>As Handlebars wants it: dictionaries, lists, text and numbers.</summary>
    public Dictionary<string, object> ToValues() => new(StringComparer.Ordinal)
    {
        ["service"] = Assigned.Instance.Service.Value,
        ["instance"] = Assigned.Instance.Value,
        ["index"] = Assigned.Instance.Index,
        ["host"] = Host.Value,
        ["cell"] = Cell.Value,
        ["address"] = Address,
        ["release"] = Assigned.Spec.Release.Version.Value,
        ["ports"] = PortsOf(Ports),
        ["vars"] = TextsOf(Assigned.Spec.Vars ?? ImmutableSortedDictionary<string, string>.Empty),
        ["hosts"] = Hosts.Select(ValuesOf).ToList(),
        ["settings"] = TextsOf(Settings),
        ["endpoints"] = Endpoints.ToDictionary(
            e => e.Key.Value, e => (object)e.Value.Endpoints.Select(ValuesOf).ToList(), StringComparer.Ordinal),
    };

    private static Dictionary<string, object> ValuesOf(Endpoint endpoint) => new(StringComparer.Ordinal)
    {
        ["instance"] = endpoint.Instance.Value,
        ["index"] = endpoint.Instance.Index,
        ["host"] = endpoint.Host.Value,
        ["cell"] = endpoint.Cell.Value,
        ["address"] = endpoint.Address,
        ["ports"] = PortsOf(endpoint.Ports),
        ["release"] = endpoint.Release.Version.Value,
        ["state"] = WireEnum.NameOf(endpoint.State),
    };

    private static Dictionary<string, object> ValuesOf(ClusterHost host) => new(StringComparer.Ordinal)
    {
        ["name"] = host.Host.Value,
        ["cell"] = host.Cell.Value,
        ["address"] = host.Address,
        ["labels"] = TextsOf(host.Labels),
    };

    private static Dictionary<string, object> TextsOf(ImmutableSortedDictionary<string, string> texts) =>
        texts.ToDictionary(t => t.Key, t => (object)t.Value, StringComparer.Ordinal);

    private static Dictionary<string, object> PortsOf(ImmutableSortedDictionary<PortName, int> ports) =>
        ports.ToDictionary(p => p.Key.Value, p => (object)p.Value, StringComparer.Ordinal);
}
