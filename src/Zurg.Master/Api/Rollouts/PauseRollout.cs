using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/rollout/pause: nothing more of it is touched.</summary>
internal static class PauseRollout
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/rollout/pause", HandleAsync)
        .WithName("pauseRollout").WithTags("rollouts")
        .WithSummary("Touch nothing more of a rollout until it is resumed")
        .WithDescription("With ?number= only the rollout with that number is meant.");

    private static Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        ServiceName service, long? number, string? author, RolloutTelling telling, CancellationToken stop) =>
        telling.SayAsync(RolloutWord.Pause, service, number, author, stop);
}
