using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/hosts/{host}/undrain: it takes instances again.</summary>
internal static class UndrainHost
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/hosts/{host}/undrain", HandleAsync)
        .WithName("undrainHost").WithTags("cluster")
        .WithSummary("Let a drained host take instances again");

    private static async Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        HostId host, string? author, HostIntentChanging hosts, CancellationToken stop) =>
        await hosts.ChangeAsync(host, drained: false, ShownWords.Author(author), why: null, stop) switch
        {
            HostOutcome.UnknownHost(var known) => Unknown.Host(host, known),
            HostOutcome.NothingToDo => new Problem409($"{host} is not drained", $"look at it: zurg hosts {host}"),
            HostOutcome.Written => ActionAnswers.Accepted(
                $"{host} takes instances again; what has left it stays where it is"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
