using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Loops;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/services/{service}/endpoints: the set now, or with watch=true each newer one.</summary>
internal static class GetEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/services/{service}/endpoints", Handle)
        .WithName("getEndpoints").WithTags("services")
        .WithSummary("The ready instances of a service")
        .WithLines(nameof(EndpointSet))
        .WithDescription(
            "One set at one revision; a service that is not known has an empty one at revision 0. "
            + "With watch=true a stream: the set now, then newer ones, one JSON object a line; "
            + "a slow reader gets only the newest.");

    private static Results<Ok<EndpointSet>, EndpointLines> Handle(
        ServiceName service, bool? watch, IClusterView view, NamingFanOut naming, WriteLanes lanes) =>
        watch == true
            ? new EndpointLines(service, naming, lanes)
            : TypedResults.Ok(view.Current.Naming.SetOf(service));
}
