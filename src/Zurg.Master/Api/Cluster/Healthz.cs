using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Zurg.Master.Api;

/// <summary>GET /healthz: it answers; nothing more is said to whoever has no token.</summary>
internal static class Healthz
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/healthz", () => TypedResults.Ok())
        .WithName("healthz").WithTags("cluster")
        .WithSummary("Whether the master answers; needs no token");
}
