using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Protocol.Self;

namespace Zurg.Agent.Local;

/// <summary>A process that asks for itself, and what it belongs to.</summary>
internal sealed record SelfCaller(ProcessIdentity Process, InstanceId Instance, Incarnation Incarnation);

/// <summary>
/// GET /v1/self: which instance the asking process belongs to, and what is wanted of it; with ?watch=true a stream of that.
/// </summary>
internal static class GetSelf
{
    public static void Map(IEndpointRouteBuilder routes, ConsumerDesk desk, CancellationToken ended) =>
        routes.MapGet("/v1/self", (RequestDelegate)(http => HandleAsync(http, desk, ended)));

    /// <returns>Null when it was refused, and has been told why.</returns>
    public static async Task<SelfCaller?> FindAsync(HttpContext http, ConsumerDesk desk)
    {
        var stop = http.RequestAborted;
        if (LocalCaller.Find(http, out var problem) is not { } caller)
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "who is asking?", problem, stop);
            return null;
        }

        if (await desk.Self.FindAsync(caller.Process, stop) is { } found)
        {
            return new SelfCaller(caller.Process, found.Instance, found.Incarnation);
        }

        await LocalAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no instance",
            $"{desk.Names.Of(caller.Process)} belongs to no instance of this host: only what Zurg started may ask for itself",
            stop);
        return null;
    }

    public static string Word(SelfState state) => state switch
    {
        SelfState.Running => LocalSelf.Running,
        SelfState.Draining => LocalSelf.Draining,
        SelfState.Refusing => LocalSelf.Refusing,
    };

    private static async Task HandleAsync(HttpContext http, ConsumerDesk desk, CancellationToken ended)
    {
        if (await FindAsync(http, desk) is not (_, var instance, var incarnation))
        {
            return;
        }

        if (http.Request.Query["watch"] == "true")
        {
            await StreamAsync(http, desk.Self, instance, incarnation, ended);
        }
        else if (desk.Self.Current(instance, incarnation) is { } wanted)
        {
            await LocalAnswers.JsonAsync(http, LineOf(instance, wanted), http.RequestAborted);
        }
        else
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no instance",
                $"incarnation {incarnation} of {instance} is over", http.RequestAborted);
        }
    }

    /// <summary>The end of the stream is no news: the process goes on with what it heard, and asks again.</summary>
    private static async Task StreamAsync(
        HttpContext http, SelfDesk desk, InstanceId instance, Incarnation incarnation, CancellationToken ended)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, ended);
        http.Response.ContentType = "application/x-ndjson";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await foreach (var wanted in desk.FollowAsync(instance, incarnation, end.Token))
            {
                await http.Response.Body.WriteAsync(LineOf(instance, wanted), end.Token);
                await http.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The process went, or the agent ends.
        }
    }

    private static byte[] LineOf(InstanceId instance, SelfWord wanted)
    {
        var word = new LocalSelf(
            instance.Value, instance.Service.Value, Word(wanted.State), wanted.Epoch, wanted.Ends ? true : null);
        return [.. JsonSerializer.SerializeToUtf8Bytes(word, SelfJson.Default.LocalSelf), (byte)'\n'];
    }
}
