using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/status: the whole cluster at a glance, or with watch=true each newer one.</summary>
internal static class GetStatus
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/status", Handle)
        .WithName("getStatus").WithTags("cluster")
        .WithSummary("The whole cluster at a glance")
        .WithLines(nameof(ClusterStatus))
        .WithDescription(
            "With watch=true a stream: the status now, then each newer one, one JSON object a line; "
            + "a slow reader gets only the newest.");

    private static Results<Ok<ClusterStatus>, JsonLines> Handle(bool? watch, IClusterView view, TimeProvider time) =>
        watch == true
            ? new JsonLines(stop => LinesAsync(view, time, stop))
            : TypedResults.Ok(StatusView.Of(view.Current.State, view.Current.Naming, time.GetUtcNow()));

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(
        IClusterView view, TimeProvider time, [EnumeratorCancellation] CancellationToken stop)
    {
        byte[] last = [];
        await foreach (var snapshot in view.WatchAsync(stop))
        {
            // Most writes to the store change nothing that a person sees.
            var status = JsonSerializer.SerializeToUtf8Bytes(
                StatusView.Of(snapshot.State, snapshot.Naming, time.GetUtcNow()), WireJson.Default.ClusterStatus);
            if (!status.AsSpan().SequenceEqual(last))
            {
                last = status;
                yield return (byte[])[.. status, (byte)'\n'];
            }
        }
    }
}
