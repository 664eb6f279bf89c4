using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>PUT /v1/artifacts/{digest}: bytes, kept when they have that SHA-256.</summary>
internal static class PutArtifact
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/artifacts/{digest}", HandleAsync)
        .WithName("putArtifact").WithTags("releases")
        .WithSummary("Upload an artifact")
        .WithDescription(
            "The body is the bytes as they are, at most 4 GiB; durable once answered. The same bytes again are fine.")
        .WithTextBody("application/octet-stream", "The bytes.")
        .WithMetadata(new BodyLimit(ArtifactStore.FileBytesMax + 1));

    private static async Task<Results<NoContent, Problem400, Problem413, Problem507>> HandleAsync(
        Digest digest, HttpRequest request, ArtifactStore artifacts, CancellationToken stop) =>
        await artifacts.PutAsync(digest, request.Body, stop) switch
        {
            ArtifactOutcome.Stored => TypedResults.NoContent(),
            ArtifactOutcome.OtherBytes(var actual) => new Problem400(
                $"the bytes have the digest {actual}, not {digest}: nothing was kept",
                "did the file change while it was read? push again"),
            ArtifactOutcome.TooLarge(var max) => new Problem413($"an artifact has at most {max} bytes"),
            ArtifactOutcome.DiskFull => new Problem507(
                "the master's disk is full: nothing was kept", "make room, then push again"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
