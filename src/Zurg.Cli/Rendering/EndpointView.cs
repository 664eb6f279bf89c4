using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Where consumers are sent.</summary>
internal static class EndpointView
{
    public static ImmutableArray<Block> Of(EndpointSet set) => set.Endpoints.IsEmpty
        ? [Block.Line.Of($"no endpoint of {set.Service} is published (revision {set.Revision})")]
        :
        [
            Block.Line.Of($"endpoints of {set.Service} at revision {set.Revision}:"),
            new Block.Table(
                ["ENDPOINT", "HOST", "CELL", "ADDRESS", "PORTS", "RELEASE", "STATE"],
                [
                    .. set.Endpoints.Select(e => (ImmutableArray<Span>)
                    [
                        e.Instance.Value, e.Host.Value, e.Cell.Value, e.Address, e.Ports.IsEmpty ? "-" : Measures.Ports(e.Ports),
                        e.Release.Version.Value,
                        new Span(Measures.Word(e.State), e.State == EndpointState.Ready ? Tone.Good : Tone.Warn),
                    ]),
                ]),
        ];
}
