using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/releases/{name}/{version}.</summary>
internal static class ShowRelease
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/releases/{name}/{version}", HandleAsync)
        .WithName("showRelease").WithTags("releases")
        .WithSummary("One pushed release");

    private static async Task<Results<Ok<ReleaseRecord>, Problem404>> HandleAsync(
        ReleaseName name, ReleaseVersion version, IStateStore store, CancellationToken stop)
    {
        var release = new ReleaseId(name, version);
        return await store.FindAsync(StoreKeys.Release(release), stop) is { } entry
            ? TypedResults.Ok(entry.Read(WireJson.Default.ReleaseRecord))
            : Unknown.Release(release, (await store.ReleasesAsync(stop)).Select(r => r.Release));
    }
}
