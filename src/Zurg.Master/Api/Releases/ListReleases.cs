using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/releases: every pushed release, or those of one name.</summary>
internal static class ListReleases
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/releases", HandleAsync)
        .WithName("listReleases").WithTags("releases")
        .WithSummary("The pushed releases, ordered by name and version");

    private static async Task<Ok<ImmutableArray<ReleaseRecord>>> HandleAsync(
        ReleaseName? name, IStateStore store, CancellationToken stop) =>
        TypedResults.Ok((await store.ReleasesAsync(stop)).Where(r => name is null || r.Release.Name == name).ToImmutableArray());
}
