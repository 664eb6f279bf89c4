using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/specs: the history, newest first.</summary>
internal static class ListSpecs
{
    private const int LimitUsual = 50;
    private const int LimitMax = 500;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/specs", HandleAsync)
        .WithName("listSpecs").WithTags("specs")
        .WithSummary("The history of specs, newest first")
        .WithDescription("limit: 1 to 500, 50 when not given. before: only those with a smaller number.");

    private static async Task<Results<Ok<ImmutableArray<SpecSummary>>, Problem400>> HandleAsync(
        int? limit, SpecNumber? before, SpecArchive archive, CancellationToken stop) =>
        limit is < 1 or > LimitMax
            ? new Problem400($"limit must be 1 to {LimitMax}")
            : TypedResults.Ok(await archive.ListAsync(before, limit ?? LimitUsual, stop));
}
