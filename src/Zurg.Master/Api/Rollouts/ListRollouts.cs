using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/rollouts: the newest rollout of each service.</summary>
internal static class ListRollouts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/rollouts", Handle)
        .WithName("listRollouts").WithTags("rollouts")
        .WithSummary("The newest rollout of each service, under way or over");

    private static Ok<ImmutableArray<RolloutStatus>> Handle(IClusterView view, TimeProvider time)
    {
        var (state, naming) = view.Current;
        return TypedResults.Ok<ImmutableArray<RolloutStatus>>(
        [
            .. StatusView.Of(state, naming, time.GetUtcNow()).Services.Select(s => s.Rollout).OfType<RolloutStatus>(),
        ]);
    }
}
