using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Master.Alerts;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/alerts/test: one test alert to every receiver, and what each said.</summary>
internal static class TestAlerts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/alerts/test", HandleAsync)
        .WithName("testAlerts").WithTags("alerts")
        .WithSummary("Send one test alert to every receiver, and tell what each said")
        .WithDescription("Answers when all have answered, after 10 s at the latest. Empty when no receiver is configured.");

    private static async Task<Ok<ImmutableArray<AlertTestResult>>> HandleAsync(AlertDelivery delivery, CancellationToken stop) =>
        TypedResults.Ok(await delivery.TestAsync(stop));
}
