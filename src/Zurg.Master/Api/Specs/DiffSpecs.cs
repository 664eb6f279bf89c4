using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/specs/diff: what going from one spec to another changes.</summary>
internal static class DiffSpecs
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/specs/diff", HandleAsync)
        .WithName("diffSpecs").WithTags("specs")
        .WithSummary("What lies between two specs")
        .WithDescription("As the plan of an apply of the second one while the first one is the newest.");

    private static async Task<Results<Ok<ApplyResult>, Problem404>> HandleAsync(
        SpecNumber from, SpecNumber to, SpecArchive archive, IClusterView view, CancellationToken stop)
    {
        if (await archive.FindAsync(from, stop) is not { } before)
        {
            return new Problem404($"there is no spec {from}", "see: zurg spec history");
        }

        if (await archive.FindAsync(to, stop) is not { } after)
        {
            return new Problem404($"there is no spec {to}", "see: zurg spec history");
        }

        var changes = SpecDiff.Between(before.Spec, after.Spec, view.Current.State.Placements.Values);
        return TypedResults.Ok(new ApplyResult { Number = to, Planned = true, Changes = changes });
    }
}
