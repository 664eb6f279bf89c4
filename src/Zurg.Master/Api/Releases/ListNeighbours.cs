using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/releases/{name}/{version}/neighbours?host=HOST: whom an agent asks for files before the master.</summary>
internal static class ListNeighbours
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/releases/{name}/{version}/neighbours", Handle)
        .WithName("listNeighbours").WithTags("releases")
        .WithSummary("Hosts that run a release and share its files, for a host that lacks them")
        .WithDescription("At most four, those of the asking host's cell first. Empty when no agent shares (zurg agent --share).");

    private static Ok<ImmutableArray<Neighbour>> Handle(
        ReleaseName name, ReleaseVersion version, HostId host, IClusterView view) =>
        TypedResults.Ok(NeighbourChoice.Of(view.Current.State, host, new ReleaseId(name, version)));
}
