using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/releases/{name}/{version}/delta?base=DIGEST: what an agent that has one release needs for another.</summary>
internal static class GetReleaseDelta
{
    private const string ContentType = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/releases/{name}/{version}/delta", HandleAsync)
        .WithName("getReleaseDelta").WithTags("releases")
        .WithSummary("What changed since another release, for a host that has that one")
        .WithDescription("base is the digest of the other release's manifest. For agents: the form is theirs. "
            + "Whoever uses it checks the digests of what comes out. Range is understood; 404 says to fetch whole files.")
        .Produces(StatusCodes.Status200OK, contentType: ContentType);

    private static async Task<Results<FileStreamHttpResult, Problem404, Problem507>> HandleAsync(
        ReleaseName name, ReleaseVersion version, Digest @base, IStateStore store, ReleaseDeltas deltas, CancellationToken stop)
    {
        var release = new ReleaseId(name, version);
        if (await store.FindAsync(StoreKeys.Release(release), stop) is not { } entry)
        {
            return Unknown.Release(release, (await store.ReleasesAsync(stop)).Select(r => r.Release));
        }

        var manifest = entry.Read(WireJson.Default.ReleaseRecord).Manifest;
        try
        {
            var tag = new EntityTagHeaderValue($"\"{@base.Short}-{manifest.Short}\"");
            return await deltas.OpenAsync(@base, manifest, stop) is { } bytes
                ? TypedResults.Stream(bytes, ContentType, entityTag: tag, enableRangeProcessing: true)
                : new Problem404($"this master cannot compare {release} with {@base.Short}", "fetch its files");
        }
        catch (IOException e)
        {
            return new Problem507(
                $"what changed in {release} since {@base.Short} cannot be kept: {e.Message}", "fetch its files");
        }
    }
}
