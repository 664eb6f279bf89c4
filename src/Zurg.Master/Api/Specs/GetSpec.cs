using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/spec: the newest one, with its number as ETag.</summary>
internal static class GetSpec
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/spec", HandleAsync)
        .WithName("getSpec").WithTags("specs")
        .WithSummary("The newest spec, with its number as ETag");

    private static async Task<Results<Ok<AppliedSpec>, Problem404>> HandleAsync(
        HttpResponse response, SpecArchive archive, CancellationToken stop)
    {
        if (await archive.NewestAsync(stop) is not { Spec: { } newest })
        {
            return new Problem404("no spec was applied yet", "apply one: zurg apply cluster.yaml");
        }

        response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{newest.Number.Value}\"");
        return TypedResults.Ok(newest);
    }
}
