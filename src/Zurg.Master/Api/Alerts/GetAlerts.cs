using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Master.Alerts;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/alerts: what fires, what is over, and who has been told.</summary>
internal static class GetAlerts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/alerts", Handle)
        .WithName("getAlerts").WithTags("alerts")
        .WithSummary("What fires, what is over, and who has been told")
        .WithDescription("Receivers are shown by scheme, host and port: the rest of a URL may be secret.");

    private static Ok<AlertStatus> Handle(AlertDelivery delivery) => TypedResults.Ok(delivery.Status);
}
