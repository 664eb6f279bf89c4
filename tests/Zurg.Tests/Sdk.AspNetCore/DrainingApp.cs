using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zurg.Sdk.AspNetCore;

namespace Zurg.Tests.Sdk.AspNetCore;

/// <summary>
/// An application as a user would write it, on Kestrel: /held answers when it is released, /begun sends its headers before that,
/// /echo gives back its body, /broken throws, /talk is a WebSocket that gives back what it is sent, and everything else says ok.
/// </summary>
internal sealed class DrainingApp : IAsyncDisposable
{
    private int _processed;

    private DrainingApp(WebApplication app) => App = app;

    public WebApplication App { get; }

    public int Port => new Uri(App.Urls.First()).Port;

    public Uri Url => new($"http://127.0.0.1:{Port}/");

    public Traffic Traffic => App.Services.GetRequiredService<Traffic>();

    public KeptConnections Connections => App.Services.GetRequiredService<KeptConnections>();

    public ZurgLifetime Lifetime => App.Services.GetRequiredService<ZurgLifetime>();

    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The headers of /begun have left.</summary>
    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Requests that the application itself has seen.</summary>
    public int Processed => Volatile.Read(ref _processed);

    public static async Task<DrainingApp> StartAsync(string? socketPath, HttpProtocols protocols = HttpProtocols.Http1,
        Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocols));
        builder.Services.AddZurg(socketPath);
        configure?.Invoke(builder);
        var app = new DrainingApp(builder.Build());
        app.Map();
        await app.App.StartAsync();
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        Held.TrySetResult();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await App.StopAsync(now.Token);
        await App.DisposeAsync();
    }

    private void Map()
    {
        App.UseWebSockets();
        App.Use((http, next) =>
        {
            Interlocked.Increment(ref _processed);
            return next(http);
        });
        App.MapZurgHealth();
        App.MapGet("/held", (RequestDelegate)(async http =>
        {
            await Held.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync("held");
        }));
        App.MapGet("/begun", (RequestDelegate)(async http =>
        {
            await http.Response.StartAsync();
            await http.Response.Body.FlushAsync();
            Begun.SetResult();
            await Held.Task;
            await http.Response.WriteAsync("begun");
        }));
        App.MapGet("/broken", (RequestDelegate)(_ => throw new InvalidOperationException("as it was told")));
        App.MapPost("/echo", (RequestDelegate)(async http =>
        {
            http.Response.ContentLength = http.Request.ContentLength;
            await http.Request.Body.CopyToAsync(http.Response.Body);
        }));
        App.MapGet("/talk", (RequestDelegate)TalkAsync);
        App.MapFallback("{**path}", (RequestDelegate)(http => http.Response.WriteAsync("ok")));
    }

    private static async Task TalkAsync(HttpContext http)
    {
        using var talk = await http.WebSockets.AcceptWebSocketAsync();
        var bytes = new byte[100];
        while (await talk.ReceiveAsync(bytes, http.RequestAborted) is { CloseStatus: null } got)
        {
            await talk.SendAsync(bytes.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, http.RequestAborted);
        }

        await talk.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, http.RequestAborted);
    }
}
