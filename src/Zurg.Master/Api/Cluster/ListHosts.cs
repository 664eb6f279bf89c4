using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/hosts: every host that ever said hello.</summary>
internal static class ListHosts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/hosts", Handle)
        .WithName("listHosts").WithTags("cluster")
        .WithSummary("The hosts and what is known of them")
        .WithDescription("With the newest reading of each host's own numbers, but for those of its instances.");

    private static Ok<ImmutableArray<HostStatus>> Handle(IClusterView view, SpeakerLoop speaker) =>
        TypedResults.Ok<ImmutableArray<HostStatus>>(
        [
            .. StatusView.HostsOf(view.Current.State)
                .Select(h => h with { Measures = speaker.MeasuresOf(h.Host) is { } m ? m with { Instances = [] } : null }),
        ]);
}
