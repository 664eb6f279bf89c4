using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/hosts/{host}/lost: a silent host is counted as gone.</summary>
internal static class LoseHost
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/hosts/{host}/lost", HandleAsync)
        .WithName("loseHost").WithTags("cluster")
        .WithSummary("Say that a silent host is gone: what it ran starts elsewhere")
        .WithDescription(
            "Its endpoints are removed, its consumers are not waited for, its instances start elsewhere where they fit. Refused "
            + "while its agent reports. When the agent is heard again, it gives up what was replaced.");

    private static async Task<Results<Accepted<ActionAccepted>, Problem404, Problem409>> HandleAsync(
        HostId host, HostLoss? loss, string? author, HostIntentChanging hosts, CancellationToken stop)
    {
        return await hosts.LoseAsync(host, ShownWords.Author(author), ShownWords.Why(loss?.Why), stop) switch
        {
            HostOutcome.UnknownHost(var known) => Unknown.Host(host, known),
            HostOutcome.Alive => new Problem409(
                $"{host} is not lost: its agent reports",
                $"zurg drain {host} moves everything away from it without an error; one that dies shows as silent within 5 s"),
            HostOutcome.NothingToDo(var before) => new Problem409(
                before?.Lost is { } word
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"{host} is lost already, by word of {word.By} at {word.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
                            + $"{(word.Why is { } said ? $": {said}" : "")}")
                    : $"{host} is lost already",
                "zurg status shows what waits for room elsewhere; when its agent is started again, it is lost no more"),
            HostOutcome.Written(0) => ActionAnswers.Accepted($"{host} is lost: nothing was placed there"),
            HostOutcome.Written(var count) => ActionAnswers.Accepted(
                $"{host} is lost: what it ran ({(count == 1 ? "1 instance" : $"{count} instances")}) starts elsewhere where it "
                    + "fits, and the rest waits for the host"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
