using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>GET /v1/services/NAME: the endpoints as they are; with ?watch=true a stream of them.</summary>
internal static class GetService
{
    /// <summary>The first question for a service waits so long for the master's first answer.</summary>
    public static readonly TimeSpan FirstSetWithin = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder routes, NamingCache cache, CancellationToken ended) =>
        routes.MapGet("/v1/services/{service}", (RequestDelegate)(http => HandleAsync(http, cache, ended)));

    private static async Task HandleAsync(HttpContext http, NamingCache cache, CancellationToken ended)
    {
        var stop = http.RequestAborted;
        if (!ServiceName.TryParse((string?)http.GetRouteValue("service"), null, out var service))
        {
            var problem = ServiceName.ProblemOf((string?)http.GetRouteValue("service") ?? "");
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no such service", problem, stop);
        }
        else if (http.Request.Query["watch"] == "true")
        {
            await LocalAnswers.StreamAsync(http, cache, [service], ended);
        }
        else if (await cache.FirstSetAsync(service, FirstSetWithin, stop) is { } set)
        {
            await LocalAnswers.JsonAsync(http, set.Line, stop);
        }
        else
        {
            // Not an empty set: that would say that nothing runs, and nobody has said so.
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status503ServiceUnavailable, "not known yet",
                $"this host has not heard of '{service}' from a master yet", stop);
        }
    }
}
