using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>
/// GET /v1/watch?service=A&amp;service=B: one stream of whole sets of several services; with confirm=true for a process that
/// promises to confirm each.
/// </summary>
internal static class WatchServices
{
    public const int ServicesMax = 100;

    public static void Map(IEndpointRouteBuilder routes, ConsumerDesk desk, CancellationToken ended) =>
        routes.MapGet("/v1/watch", (RequestDelegate)(http => HandleAsync(http, desk, ended)));

    /// <summary>Without confirm=true the reader is an observer: it is told, and never waited for.</summary>
    public static async Task StreamAsync(
        HttpContext http, ConsumerDesk desk, ImmutableArray<ServiceName> services, CancellationToken ended)
    {
        var process = LocalCaller.Find(http, out _)?.Process;
        if (desk.Cache.TryOpen(services, process ?? NamingCache.Nobody) is not { } follower)
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status503ServiceUnavailable, "too many services",
                $"this host follows {NamingCache.ServicesMax} at most, and once half of them are taken "
                    + $"{NamingCache.ServicesOfOneMax} for one process", http.RequestAborted);
            return;
        }

        try
        {
            await StreamAsync(http, desk, follower, process, ended);
        }
        finally
        {
            desk.Cache.Close(follower);
        }
    }

    private static async Task StreamAsync(
        HttpContext http, ConsumerDesk desk, Follower follower, ProcessIdentity? process, CancellationToken ended)
    {
        if (http.Request.Query["confirm"] != "true")
        {
            using var reading = desk.Uses.Reads(follower.Services, process);
            await LocalAnswers.StreamAsync(http, desk.Cache, follower, ended);
        }
        else if (await desk.JoinAsync(http, follower.Services) is { } subscriber)
        {
            follower.Subscriber = subscriber;
            await LocalAnswers.StreamAsync(http, desk.Cache, follower, ended);
            desk.Subscribers.Suspect();
        }
    }

    private static Task HandleAsync(HttpContext http, ConsumerDesk desk, CancellationToken ended)
    {
        var names = http.Request.Query["service"];
        if (names.Count is 0 or > ServicesMax)
        {
            return LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "which services?",
                $"name 1 to {ServicesMax} services: /v1/watch?service=A&service=B", http.RequestAborted);
        }

        var problem = names.Select(n => ServiceName.ProblemOf(n ?? "")).FirstOrDefault(p => p is not null);
        return problem is null
            ? StreamAsync(http, desk, [.. names.Select(n => new ServiceName(n!)).Distinct()], ended)
            : LocalAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no such service", problem, http.RequestAborted);
    }
}
