using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Protocol;
using Zurg.Protocol.Local;

namespace Zurg.Agent.Local;

/// <summary>A set as local consumers see it, and its line on the socket: made once for all of them.</summary>
internal sealed record LocalSet(EndpointSet Set, ReadOnlyMemory<byte> Line)
{
    public static LocalSet Of(EndpointSet set)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new LocalEndpointSet
        {
            Service = set.Service.Value,
            Revision = set.Revision.Value,
            Endpoints = [.. set.Endpoints.Select(EndpointOf)],
        }, LocalJson.Default.LocalEndpointSet);
        return new LocalSet(set, (byte[])[.. json, (byte)'\n']);
    }

    private static LocalEndpoint EndpointOf(Endpoint e) => new()
    {
        Instance = e.Instance.Value,
        Incarnation = e.Incarnation.Value,
        Host = e.Host.Value,
        Cell = e.Cell.Value,
        Address = e.Address,
        Ports = e.Ports.ToImmutableSortedDictionary(p => p.Key.Value, p => p.Value, StringComparer.Ordinal),
        Release = e.Release.Value,
        State = e.State == EndpointState.Ready ? LocalEndpoint.Ready : LocalEndpoint.Suspect,
    };
}
