using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/services/{service}: why one service is as it is.</summary>
internal static class ExplainService
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/services/{service}", Handle)
        .WithName("explainService").WithTags("services")
        .WithSummary("Why a service is as it is: its spec, its instances, its holds, its endpoints, who uses them");

    private static Results<Ok<ServiceExplanation>, Problem404> Handle(
        ServiceName service, IClusterView view, SpeakerLoop speaker, TimeProvider time)
    {
        var (state, naming) = view.Current;
        var now = time.GetUtcNow();
        return StatusView.Explain(state, naming, service, now) is { } explanation
            ? TypedResults.Ok(explanation with { Followers = speaker.FollowersOf(service) })
            : Unknown.Service(service, StatusView.Of(state, naming, now).Services.Select(s => s.Service));
    }
}
