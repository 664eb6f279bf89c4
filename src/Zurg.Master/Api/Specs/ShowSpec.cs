using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/specs/{number}: one spec of the history.</summary>
internal static class ShowSpec
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/specs/{number}", HandleAsync)
        .WithName("showSpec").WithTags("specs")
        .WithSummary("One applied spec, by its number");

    private static async Task<Results<Ok<AppliedSpec>, Problem404>> HandleAsync(
        SpecNumber number, SpecArchive archive, CancellationToken stop) =>
        await archive.FindAsync(number, stop) is { } spec
            ? TypedResults.Ok(spec)
            : new Problem404($"there is no spec {number}", "see: zurg spec history");
}
