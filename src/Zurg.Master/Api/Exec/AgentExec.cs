using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Master.Agents;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/agents/exec/{ticket}: an agent dials back to run a command.</summary>
internal static class AgentExec
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/agents/exec/{ticket}", HandleAsync)
        .WithName("agentExec").WithTags("agents")
        .WithSummary("An agent's side of a command (WebSocket)")
        .WithDescription("With the ticket that the session told the agent: one use. The messages are those of runCommand.");

    private static async Task<Results<EmptyHttpResult, Problem400, Problem404>> HandleAsync(
        string ticket, HttpContext context, ExecCounter counter)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return new Problem400("this is a WebSocket: it answers agents only");
        }

        if (counter.Take(ticket) is not { } waiting)
        {
            return new Problem404("nobody waits with this ticket", "the caller has gone, or it was used already");
        }

        var knowsTerminals = context.WebSockets.WebSocketRequestedProtocols.Contains(ExecMessage.TerminalProtocol);
        if (waiting.NeedsTerminal && !knowsTerminals)
        {
            // Refused before the agent has a connection: it would run the command without a terminal.
            waiting.Dialled.TrySetResult(null);
            return new Problem400($"the command needs a terminal: {ExecMessage.TerminalProtocol}", "upgrade this agent");
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(knowsTerminals ? ExecMessage.TerminalProtocol : null);
        if (waiting.Dialled.TrySetResult(socket))
        {
            await waiting.Done.Task;
        }

        return TypedResults.Empty;
    }
}
