using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Zurg.Tests.Master.Alerts;

/// <summary>Somebody who is told of alerts: a real HTTP server that answers as it is told to.</summary>
internal sealed class FakeReceiver : IAsyncDisposable
{
    private LoopbackServer? _server;

    /// <summary>What is answered; 0: nothing at all, the connection stays open.</summary>
    public int Answer { get; set; } = 200;

    public ConcurrentQueue<(string Path, string Token, JsonElement Body)> Requests { get; } = new();

    public Uri Url => _server!.Url;

    public static async Task<FakeReceiver> StartAsync(int port = 0)
    {
        var receiver = new FakeReceiver();
        receiver._server = await LoopbackServer.StartAsync(receiver.HandleAsync, port);
        return receiver;
    }

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        Assert.Equal("application/json", http.Request.ContentType);
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        Requests.Enqueue((http.Request.Path, http.Request.Headers.Authorization.ToString(), body.RootElement.Clone()));
        if (Answer == 0)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        http.Response.StatusCode = Answer;
    }
}
