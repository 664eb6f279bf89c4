using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Protocol.Local;

namespace Zurg.Agent.Local;

/// <summary>
/// POST /v1/confirm {"service", "revision"}: no new request of this process goes by an older set. DELETE /v1/confirm?service=A:
/// it does not use the service any more.
/// </summary>
internal static class ConfirmService
{
    public static void Map(IEndpointRouteBuilder routes, ConsumerDesk desk)
    {
        routes.MapPost("/v1/confirm", (RequestDelegate)(http => ConfirmAsync(http, desk)));
        routes.MapDelete("/v1/confirm", (RequestDelegate)(http => LeaveAsync(http, desk)));
    }

    private static async Task ConfirmAsync(HttpContext http, ConsumerDesk desk)
    {
        var (word, problem) = await ReadAsync(http);
        if (word is null)
        {
            await RefuseAsync(http, problem);
            return;
        }

        if (LocalCaller.Find(http, out problem) is not { } subscriber)
        {
            await RefuseAsync(http, problem);
            return;
        }

        switch (desk.Subscribers.Confirm(new ServiceName(word.Service), subscriber, new Revision(word.Revision)))
        {
            case ConfirmOutcome.Taken:
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case ConfirmOutcome.NeverGiven:
                await RefuseAsync(http, $"this host has never had revision {word.Revision} of '{word.Service}'");
                break;
            case ConfirmOutcome.NotFollowing:
                await NotFollowedAsync(http, word.Service);
                break;
        }
    }

    private static async Task LeaveAsync(HttpContext http, ConsumerDesk desk)
    {
        var name = http.Request.Query["service"].ToString();
        if (ServiceName.ProblemOf(name) is { } problem)
        {
            await RefuseAsync(http, problem);
        }
        else if (LocalCaller.Find(http, out problem) is not { } subscriber)
        {
            await RefuseAsync(http, problem);
        }
        else if (desk.Subscribers.Leave(new ServiceName(name), subscriber))
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
        {
            await NotFollowedAsync(http, name);
        }
    }

    private static async Task<(LocalConfirm? Word, string Problem)> ReadAsync(HttpContext http)
    {
        var (word, problem) = await SmallBody.ReadAsync(
            http, LocalJson.Default.LocalConfirm, """{"service":"NAME","revision":NUMBER}""");
        return word is null ? (null, problem)
            : word.Revision < 0 ? (null, "a revision is a number from 0 up")
            : ServiceName.ProblemOf(word.Service) is { } wrong ? (null, wrong)
            : (word, "");
    }

    private static Task RefuseAsync(HttpContext http, string problem) => LocalAnswers.ProblemAsync(
        http, StatusCodes.Status400BadRequest, "nothing is confirmed", problem, http.RequestAborted);

    private static Task NotFollowedAsync(HttpContext http, string service) => LocalAnswers.ProblemAsync(
        http, StatusCodes.Status404NotFound, "not followed",
        $"this process does not follow '{service}' here: ask with watch=true&confirm=true or with after= first",
        http.RequestAborted);
}
