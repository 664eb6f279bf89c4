using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/instances/{instance}/env: its environment, asked of its agent.</summary>
internal static class ShowEnv
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/instances/{instance}/env", HandleAsync)
        .WithName("showEnv").WithTags("instances")
        .WithSummary("The environment of an instance")
        .WithDescription(
            "What its process was started with, and what the next start would get. Values are shown whole: secrets that a spec "
            + "holds are among them.");

    private static async Task<Results<Ok<InstanceEnv>, Problem404, Problem503, Problem504>> HandleAsync(
        InstanceId instance, InstanceAsking asking, CancellationToken stop)
    {
        var asked = await asking.AskAsync(
            instance, nonce => new MasterMessage { Env = new EnvRequest(nonce, instance) }, stop);
        return asked switch
        {
            { Absent: { } absent } => absent,
            { Away: { } away } => away,
            { Late: { } late } => late,
            { Answer.Env.Env: { } env } => TypedResults.Ok(env),
            _ => new Problem503(
                asked.Answer?.Env?.Problem ?? $"its agent did not say", "it is being moved or taken over: try again in a moment"),
        };
    }
}
