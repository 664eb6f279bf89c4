using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/releases/{name}/{version}/manifest: exactly the bytes whose digest the release carries.</summary>
internal static class GetManifest
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/releases/{name}/{version}/manifest", HandleAsync)
        .WithName("getManifest").WithTags("releases")
        .WithSummary("The manifest of a release, byte for byte")
        .WithDescription("The SHA-256 of these bytes is the manifest's digest in the release's record.")
        .Produces<ReleaseManifest>();

    private static async Task<Results<FileStreamHttpResult, Problem404>> HandleAsync(
        ReleaseName name, ReleaseVersion version, IStateStore store, ArtifactStore artifacts, CancellationToken stop)
    {
        var release = new ReleaseId(name, version);
        if (await store.FindAsync(StoreKeys.Release(release), stop) is not { } entry)
        {
            return Unknown.Release(release, (await store.ReleasesAsync(stop)).Select(r => r.Release));
        }

        var digest = entry.Read(WireJson.Default.ReleaseRecord).Manifest;
        return artifacts.Open(digest) is { } bytes
            ? TypedResults.Stream(bytes, "application/json")
            : new Problem404(
                $"the manifest of {release} ({digest.Short}) is missing on this master's disk",
                "restore the artifacts directory");
    }
}
