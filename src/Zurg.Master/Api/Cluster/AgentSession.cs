using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Zurg.Master.Agents;

namespace Zurg.Master.Api;

/// <summary>GET /v1/agents/session: the WebSocket of one agent.</summary>
internal static class AgentSession
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/agents/session", HandleAsync)
        .WithName("agentSession").WithTags("agents")
        .WithSummary("The session of an agent (WebSocket)")
        .WithDescription(
            "One JSON text message each: the agent's hello within 5 s and the welcome first, then newer truths both ways.");

    private static async Task<Results<EmptyHttpResult, Problem400>> HandleAsync(
        HttpContext context, AgentSessions sessions, IHostApplicationLifetime master)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return new Problem400("this is a WebSocket: it answers agents only", "start one: zurg agent --master URL");
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, master.ApplicationStopping);
        await sessions.RunAsync(socket, end.Token);
        return TypedResults.Empty;
    }
}
