using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol.Local;

namespace Zurg.Agent.Local;

/// <summary>
/// POST /v1/self/in_flight {"count", "state"}: so many requests are under way in the calling process. From its first word on the
/// incarnation counts for itself, and its sockets are not looked at.
/// </summary>
internal static class SayInFlight
{
    public static void Map(IEndpointRouteBuilder routes, ConsumerDesk desk) =>
        routes.MapPost("/v1/self/in_flight", (RequestDelegate)(http => HandleAsync(http, desk)));

    private static async Task HandleAsync(HttpContext http, ConsumerDesk desk)
    {
        var stop = http.RequestAborted;
        var (word, state, problem) = await ReadAsync(http);
        if (word is null)
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "nothing is counted", problem, stop);
        }
        else if (await GetSelf.FindAsync(http, desk) is var (caller, instance, incarnation))
        {
            if (await desk.Self.SayAsync(instance, incarnation, caller.Process, word.Count, state, stop))
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

    private static async Task<(LocalInFlight? Word, SelfState State, string Problem)> ReadAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = ConfirmService.BodyMax;
        }

        try
        {
            var word = await JsonSerializer.DeserializeAsync(
                http.Request.Body, LocalJson.Default.LocalInFlight, http.RequestAborted);
            return (word, StateOf(word?.State)) switch
            {
                (not { Count: >= 0 }, _) => (null, default, "a count is a number from 0 up"),
                (_, null) => (null, default, "a state is running, draining or refusing"),
                (_, { } state) => (word, state, ""),
            };
        }
        catch (JsonException e)
        {
            return (null, default, $$"""it must be {"count":NUMBER,"state":"draining"}: {{e.Message}}""");
        }
        catch (BadHttpRequestException e)
        {
            return (null, default, e.Message);
        }
    }

    private static SelfState? StateOf(string? word) =>
        Enum.GetValues<SelfState>().Cast<SelfState?>().FirstOrDefault(s => GetSelf.Word(s!.Value) == word);
}
