using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/rollout/promote: on to the next stage, or with all=true to the end.</summary>
internal static class PromoteRollout
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/rollout/promote", HandleAsync)
        .WithName("promoteRollout").WithTags("rollouts")
        .WithSummary("Let a rollout go on to its next stage without further waiting")
        .WithDescription("With ?all=true to all instances. With ?number= only the rollout with that number is meant.");

    private static Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        ServiceName service, bool? all, long? number, string? author, RolloutTelling telling, CancellationToken stop) =>
        telling.SayAsync(all is true ? RolloutWord.PromoteAll : RolloutWord.Promote, service, number, author, stop);
}
