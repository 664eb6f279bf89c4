using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/rollout/abort: it goes back.</summary>
internal static class AbortRollout
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/rollout/abort", HandleAsync)
        .WithName("abortRollout").WithTags("rollouts")
        .WithSummary("Take a rollout back to what ran before")
        .WithDescription("With ?number= only the rollout with that number is meant.");

    private static Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        ServiceName service, long? number, string? author, RolloutTelling telling, CancellationToken stop) =>
        telling.SayAsync(RolloutWord.Abort, service, number, author, stop);
}
