using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol.Self;

namespace Zurg.Agent.Local;

/// <summary>
/// POST /v1/self/in_flight {"count", "state", "epoch"}: so many requests are under way in the calling process. From its
/// first word on the incarnation counts for itself, and its sockets are not looked at.
/// </summary>
internal static class SayInFlight
{
    public static void Map(IEndpointRouteBuilder routes, ConsumerDesk desk) =>
        routes.MapPost("/v1/self/in_flight", (RequestDelegate)(http => HandleAsync(http, desk)));

    private static async Task HandleAsync(HttpContext http, ConsumerDesk desk)
    {
        var stop = http.RequestAborted;
        var (answer, problem) = await ReadAsync(http);
        if (answer is null)
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "nothing is counted", problem, stop);
        }
        else if (await GetSelf.FindAsync(http, desk) is (var process, var instance, var incarnation))
        {
            if (await desk.Self.SayAsync(instance, incarnation, process, answer, stop))
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
            }
            else
            {
                await LocalAnswers.ProblemAsync(http, StatusCodes.Status409Conflict, "nothing is counted",
                    $"incarnation {incarnation} of {instance} is over, or more than {SelfDesk.CountersMax} processes of it count",
                    stop);
            }
        }
    }

    private static async Task<(SelfAnswer? Answer, string Problem)> ReadAsync(HttpContext http)
    {
        var (word, problem) = await SmallBody.ReadAsync(
            http, SelfJson.Default.LocalInFlight, """{"count":NUMBER,"state":"draining"}""");
        return word is null ? (null, problem)
            : word.Count < 0 ? (null, "a count is a number from 0 up")
            : StateOf(word.State) is not { } state ? (null, "a state is running, draining or refusing")
            : (new SelfAnswer(word.Count, state, word.Epoch), "");
    }

    private static SelfState? StateOf(string? word) =>
        Enum.GetValues<SelfState>().Cast<SelfState?>().FirstOrDefault(s => GetSelf.Word(s!.Value) == word);
}
