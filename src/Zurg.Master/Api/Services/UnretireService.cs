using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/unretire: a service that was retired runs again as its spec says.</summary>
internal static class UnretireService
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/unretire", HandleAsync)
        .WithName("unretireService").WithTags("services")
        .WithSummary("Take back that a service was retired: it runs again as its spec says");

    private static async Task<Results<Accepted<ActionAccepted>, Problem404>> HandleAsync(
        ServiceName service, string? author, IntentChanging intents, CancellationToken stop)
    {
        var by = ShownWords.Author(author);
        var outcome = await intents.ChangeAsync(service, Unretired, at => new EventRecord
        {
            Id = 0, At = at, Kind = EventKind.ServiceUnretired, Service = service,
            Text = $"{by} took back that {service} was retired",
        }, stop);
        return ActionAnswers.ToRepeatable(service, outcome, $"{service} is retired no more: it runs again as its spec says");
    }

    private static IntentChange Unretired(ServiceIntent intent) => intent.Retired is null
        ? new IntentOutcome.NothingToDo($"{intent.Service} is not retired", null)
        : intent with { Retired = null };
}
