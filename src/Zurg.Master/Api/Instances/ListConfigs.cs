using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/instances/{instance}/configs: the texts that its generated files had, asked of its agent.</summary>
internal static class ListConfigs
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/instances/{instance}/configs", HandleAsync)
        .WithName("listConfigs").WithTags("instances")
        .WithSummary("The versions of an instance's generated files")
        .WithDescription("Newest first, with why each came about. They are kept on the host: at most 100 of a file.");

    private static async Task<Results<Ok<ImmutableArray<ConfigVersion>>, Problem404, Problem503, Problem504>> HandleAsync(
        InstanceId instance, InstanceAsking asking, CancellationToken stop)
    {
        var asked = await asking.AskAsync(
            instance, nonce => new MasterMessage { Configs = new ConfigRequest(nonce, instance) }, stop);
        return asked switch
        {
            { Absent: { } absent } => absent,
            { Away: { } away } => away,
            { Late: { } late } => late,
            { Answer.Configs: { Problem: { } problem } } => new Problem503(problem),
            _ => TypedResults.Ok(asked.Answer?.Configs?.Versions ?? []),
        };
    }
}
