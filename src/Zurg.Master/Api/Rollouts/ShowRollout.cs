using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/services/{service}/rollout: its newest rollout.</summary>
internal static class ShowRollout
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/services/{service}/rollout", Handle)
        .WithName("showRollout").WithTags("rollouts")
        .WithSummary("The newest rollout of a service, under way or over");

    private static Results<Ok<RolloutStatus>, Problem404> Handle(ServiceName service, IClusterView view, TimeProvider time)
    {
        var (state, naming) = view.Current;
        var services = StatusView.Of(state, naming, time.GetUtcNow()).Services;
        return services.FirstOrDefault(s => s.Service == service) is not { } found
            ? Unknown.Service(service, services.Select(s => s.Service))
            : found.Rollout is { } rollout
            ? TypedResults.Ok(rollout)
            : new Problem404(
                $"there has been no rollout of {service} yet", $"start one: zurg rollout start {service} VERSION");
    }
}
