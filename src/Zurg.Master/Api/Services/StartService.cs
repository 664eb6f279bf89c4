using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/start: a service that a person stopped or retired runs again.</summary>
internal static class StartService
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/start", HandleAsync)
        .WithName("startService").WithTags("services")
        .WithSummary("Start a service that was stopped or retired by a person");

    private static async Task<Results<Accepted<ActionAccepted>, Problem404>> HandleAsync(
        ServiceName service, string? author, IntentChanging intents, CancellationToken stop)
    {
        var by = ShownWords.Author(author);
        var outcome = await intents.ChangeAsync(service, Started, at => new EventRecord
        {
            Id = 0, At = at, Kind = EventKind.ServiceStarted, Service = service, Text = $"{service} was started by {by}",
        }, stop);
        return ActionAnswers.ToRepeatable(service, outcome, $"{service} starts");
    }

    private static IntentChange Started(ServiceIntent intent) =>
        intent.Stopped || intent.Retired is not null
            ? intent with { Stopped = false, Retired = null }
            : new IntentOutcome.NothingToDo(
                $"{intent.Service} runs already", $"see why it is as it is: zurg explain {intent.Service}");
}
