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

    private static Results<Ok<EndpointSet>, JsonLines> Handle(
        ServiceName service, bool? watch, IClusterView view, NamingFanOut naming) =>
        watch == true
            ? new JsonLines(stop => LinesAsync(naming, service, stop))
            : TypedResults.Ok(view.Current.Naming.SetOf(service));

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(
        NamingFanOut naming, ServiceName service, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var push in EndpointWatcher.WatchAsync(naming, service, stop))
        {
            yield return push.Line;
        }
    }
}
