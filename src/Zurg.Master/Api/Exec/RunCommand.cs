using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/exec: a command on a host, with the environment of an instance or the host's own.</summary>
internal static class RunCommand
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/exec", HandleAsync)
        .WithName("runCommand").WithTags("exec")
        .WithSummary("Run a command on a host (WebSocket)")
        .WithDescription(
            "target: an instance, a service (its first instance that runs) or a host; host=true takes a name for a host's. "
            + "author: for the event. Text messages are JSON with one part each: the caller's first is {\"start\":{\"command\":"
            + "[...]}}, later {\"signal\":\"INT\"} or {\"input_ends\":true}; with {\"start\":{\"command\":[...],\"terminal\":"
            + "{\"window\":{\"columns\":80,\"rows\":24},\"type\":\"xterm\"}}} it runs on a terminal of its own, whose size "
            + "{\"window\":{\"columns\":132,\"rows\":50}} changes; the answers are {\"started\":...} and, last, "
            + "{\"ended\":{\"code\":0}}, {\"ended\":{\"signal\":15}} or {\"ended\":{\"problem\":...,\"mend\":...}}. "
            + "Binary messages, at most 32 KiB, are the streams: the first byte is 0 for stdin, 1 for stdout, 2 for stderr. "
            + "Who offers the subprotocol zurg-exec-terminal is told by its acceptance that this build knows terminals. "
            + "Who closes or dies ends the command and everything that it started.");

    private static async Task<Results<EmptyHttpResult, Problem400>> HandleAsync(
        string target, bool? host, string? author, HttpContext context, ExecRelaying relaying, IHostApplicationLifetime master)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return new Problem400("this is a WebSocket: ask for an upgrade", "use zurg exec");
        }

        var protocol = context.WebSockets.WebSocketRequestedProtocols.Contains(ExecMessage.TerminalProtocol)
            ? ExecMessage.TerminalProtocol
            : null;
        using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, master.ApplicationStopping);
        try
        {
            await relaying.RunAsync(socket, new ExecTarget(target, host ?? false, author ?? "somebody"), end.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort();
        }

        return TypedResults.Empty;
    }
}

/// <param name="Name">An instance, a service or a host.</param>
/// <param name="IsHost">It is a host's, whatever else has that name.</param>
internal sealed record ExecTarget(string Name, bool IsHost, string Author);
