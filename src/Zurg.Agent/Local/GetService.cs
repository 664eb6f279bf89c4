using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>
/// GET /v1/services/NAME: the endpoints as they are; with ?watch=true a stream of them; with ?after=REVISION&amp;wait=30s as soon
/// as they are newer than that, which also confirms REVISION.
/// </summary>
internal static class GetService
{
    /// <summary>The first question for a service waits so long for the master's first answer.</summary>
    public static readonly TimeSpan FirstSetWithin = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan WaitDefault = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(10);

    public static void Map(IEndpointRouteBuilder routes, ConsumerDesk desk, CancellationToken ended) =>
        routes.MapGet("/v1/services/{service}", (RequestDelegate)(http => HandleAsync(http, desk, ended)));

    private static async Task HandleAsync(HttpContext http, ConsumerDesk desk, CancellationToken ended)
    {
        var stop = http.RequestAborted;
        if (!ServiceName.TryParse((string?)http.GetRouteValue("service"), null, out var service))
        {
            var problem = ServiceName.ProblemOf((string?)http.GetRouteValue("service") ?? "");
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no such service", problem, stop);
        }
        else if (http.Request.Query["watch"] == "true")
        {
            await WatchServices.StreamAsync(http, desk, [service], ended);
        }
        else if (http.Request.Query.ContainsKey("after"))
        {
            await WaitAsync(http, desk, service, ended);
        }
        else
        {
            desk.Uses.Asked(service, LocalCaller.Find(http, out _)?.Process);
            await AnswerAsync(http, service, await desk.Cache.FirstSetAsync(service, FirstSetWithin, stop));
        }
    }

    /// <summary>Long polling: who asks for what comes after a revision uses that revision.</summary>
    private static async Task WaitAsync(HttpContext http, ConsumerDesk desk, ServiceName service, CancellationToken ended)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, ended);
        if (!TryReadWait(http.Request.Query, out var after, out var wait, out var problem))
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "how long?", problem, end.Token);
        }
        else if (await desk.JoinAsync(http, [service]) is { } subscriber)
        {
            // After nothing: it has nothing yet. A revision from before this agent's start may be ahead of what is known here.
            if (after.Value > 0)
            {
                desk.Subscribers.Confirm(service, subscriber, after);
            }

            try
            {
                await AnswerAsync(http, service, await desk.Cache.NewerAsync(service, subscriber, after, wait, end.Token));
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                desk.Subscribers.Suspect();
            }
            catch (OperationCanceledException)
            {
                await AnswerAsync(http, service, desk.Cache.CurrentSet(service, subscriber));
            }
        }
    }

    private static bool TryReadWait(IQueryCollection query, out Revision after, out TimeSpan wait, out string problem)
    {
        wait = WaitDefault;
        problem = "after= is a revision: the number in the answer before, or 0";
        var isRevision = Revision.TryParse(query["after"], null, out after);
        if (!isRevision || query["wait"].ToString() is not { Length: > 0 } text)
        {
            return isRevision;
        }

        var wrong = Measures.DurationProblem(text, TimeSpan.FromMilliseconds(1), WaitMax);
        problem = wrong is { } what ? $"wait: {what.Text}: {what.Mend}" : "";
        wait = Measures.Duration(text) ?? WaitDefault;
        return wrong is null;
    }

    private static Task AnswerAsync(HttpContext http, ServiceName service, LocalSet? set) => set is not null
        ? LocalAnswers.JsonAsync(http, set.Line, http.RequestAborted)
        // Not an empty set: that would say that nothing runs, and nobody has said so.
        : LocalAnswers.ProblemAsync(http, StatusCodes.Status503ServiceUnavailable, "not known yet",
            $"this host has not heard of '{service}' from a master yet", http.RequestAborted);
}
