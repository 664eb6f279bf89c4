using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/restart: every instance, or one.</summary>
internal static class RestartService
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/restart", HandleAsync)
        .WithName("restartService").WithTags("services")
        .WithSummary("Restart a service as its update budget allows, or a single instance")
        .WithDescription("Without ?instance= all of them, as a rollout without canary and bake.");

    private static async Task<Results<Accepted<ActionAccepted>, Problem400, Problem404, Problem409>> HandleAsync(
        ServiceName service, InstanceId? instance, string? author, IntentChanging intents, IClusterView view,
        CancellationToken stop)
    {
        if (instance is { } foreign && foreign.Service != service)
        {
            return new Problem400(
                $"{foreign} is no instance of {service}", $"restart it with /v1/services/{foreign.Service}/restart");
        }

        var placed = view.Current.State.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance).ToHashSet();
        if (instance is { } one && !placed.Contains(one))
        {
            return Unknown.Instance(one, placed.Where(p => p.Service == service).Order());
        }

        var by = ShownWords.Author(author);
        var what = instance?.Value ?? service.Value;
        var outcome = await intents.ChangeAsync(service, intent => Restarted(intent, instance), at => new EventRecord
        {
            Id = 0, At = at, Kind = EventKind.ServiceRestarted, Service = service, Instance = instance,
            Text = $"a restart of {what} was asked for by {by}",
        }, stop);
        return outcome switch
        {
            IntentOutcome.UnknownService(var known) => Unknown.Service(service, known),
            IntentOutcome.NothingToDo(var text, var mend) => new Problem409(text, mend),
            IntentOutcome.Written => ActionAnswers.Accepted(
                $"{what} restarts, as many instances at a time as its update: allows"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static IntentChange Restarted(ServiceIntent intent, InstanceId? instance)
    {
        if (intent.Retired is { } retired)
        {
            return new IntentOutcome.NothingToDo(
                $"{intent.Service} was retired by {retired.By}: nothing of it runs",
                $"take that back: zurg retire --undo {intent.Service}");
        }

        if (intent.Stopped)
        {
            return new IntentOutcome.NothingToDo(
                $"{intent.Service} is stopped: nothing of it runs", $"start it: zurg start {intent.Service}");
        }

        return instance is { } one ? Restarted(intent, one) : intent with { Restarts = intent.Restarts + 1 };
    }

    private static ServiceIntent Restarted(ServiceIntent intent, InstanceId instance)
    {
        var restarts = intent.InstanceRestarts;
        return intent with { InstanceRestarts = restarts.SetItem(instance, restarts.GetValueOrDefault(instance) + 1) };
    }
}
