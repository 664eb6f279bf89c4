using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/stop: its instances keep their places and do not run.</summary>
internal static class StopService
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/stop", HandleAsync)
        .WithName("stopService").WithTags("services")
        .WithSummary("Stop every instance of a service; each keeps its place");

    private static async Task<Results<Accepted<ActionAccepted>, Problem404>> HandleAsync(
        ServiceName service, string? author, IntentChanging intents, CancellationToken stop)
    {
        var by = ShownWords.Author(author);
        var outcome = await intents.ChangeAsync(service, Stopped, at => new EventRecord
        {
            Id = 0, At = at, Kind = EventKind.ServiceStopped, Service = service, Text = $"{service} was stopped by {by}",
        }, stop);
        return ActionAnswers.ToRepeatable(service, outcome, $"{service} stops; it stays stopped until somebody starts it");
    }

    private static IntentChange Stopped(ServiceIntent intent) => intent.Stopped
        ? new IntentOutcome.NothingToDo($"{intent.Service} is stopped already", $"start it: zurg start {intent.Service}")
        : intent with { Stopped = true };
}
