using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/artifacts/{digest}: bytes by their SHA-256, or a range of them.</summary>
internal static class GetArtifact
{
    private const string ContentType = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/artifacts/{digest}", Handle)
        .WithName("getArtifact").WithTags("releases")
        .WithSummary("An artifact's bytes; Range is understood")
        .Produces(StatusCodes.Status200OK, contentType: ContentType);

    private static Results<FileStreamHttpResult, Problem404> Handle(Digest digest, ArtifactStore artifacts) =>
        artifacts.Open(digest) is { } bytes
            ? TypedResults.Stream(
                bytes, ContentType, entityTag: new EntityTagHeaderValue($"\"{digest}\""), enableRangeProcessing: true)
            : new Problem404($"there is no artifact {digest}");
}
