using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/hosts/{host}/drain: everything on it moves elsewhere, and nothing new comes.</summary>
internal static class DrainHost
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/hosts/{host}/drain", HandleAsync)
        .WithName("drainHost").WithTags("cluster")
        .WithSummary("Empty a host: each instance is started elsewhere, confirmed by its consumers, then stopped here")
        .WithDescription("Instances of services with per_host or hosts have no elsewhere: they are withdrawn and stopped.");

    private static async Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        HostId host, HostDrain? drain, string? author, HostIntentChanging hosts, CancellationToken stop)
    {
        return await hosts.ChangeAsync(host, drained: true, ShownWords.Author(author), ShownWords.Why(drain?.Why), stop) switch
        {
            HostOutcome.UnknownHost(var known) => Unknown.Host(host, known),
            HostOutcome.NothingToDo(var before) => new Problem409(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{host} is drained already, by {before!.By} at {before.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
                        + $"{(before.Why is { } said ? $": {said}" : "")}"),
                $"zurg hosts {host} shows what is left there; zurg undrain {host} takes it back"),
            HostOutcome.Written(0) => ActionAnswers.Accepted(
                $"{host} is empty and gets nothing new until zurg undrain {host}"),
            HostOutcome.Written(var count) => ActionAnswers.Accepted(
                $"{host} is being emptied of {(count == 1 ? "1 instance" : $"{count} instances")}, and gets nothing new until "
                    + $"zurg undrain {host}"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
