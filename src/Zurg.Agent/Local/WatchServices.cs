using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>GET /v1/watch?service=A&amp;service=B: one stream of whole sets of several services.</summary>
internal static class WatchServices
{
    public const int ServicesMax = 100;

    public static void Map(IEndpointRouteBuilder routes, NamingCache cache, CancellationToken ended) =>
        routes.MapGet("/v1/watch", (RequestDelegate)(http => HandleAsync(http, cache, ended)));

    private static Task HandleAsync(HttpContext http, NamingCache cache, CancellationToken ended)
    {
        var names = http.Request.Query["service"];
        if (names.Count is 0 or > ServicesMax)
        {
            return LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "which services?",
                $"name 1 to {ServicesMax} services: /v1/watch?service=A&service=B", http.RequestAborted);
        }

        var problem = names.Select(n => ServiceName.ProblemOf(n ?? "")).FirstOrDefault(p => p is not null);
        return problem is null
            ? LocalAnswers.StreamAsync(http, cache, [.. names.Select(n => new ServiceName(n!)).Distinct()], ended)
            : LocalAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no such service", problem, http.RequestAborted);
    }
}
