using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/rollout/resume: it goes on.</summary>
internal static class ResumeRollout
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/rollout/resume", HandleAsync)
        .WithName("resumeRollout").WithTags("rollouts")
        .WithSummary("Let a paused rollout go on, or a halted one in spite of what halted it")
        .WithDescription("With ?number= only the rollout with that number is meant.");

    private static Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        ServiceName service, long? number, string? author, RolloutTelling telling, CancellationToken stop) =>
        telling.SayAsync(RolloutWord.Resume, service, number, author, stop);
}
