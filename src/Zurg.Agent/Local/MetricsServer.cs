using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Zurg.Agent.Local;

/// <summary>
/// /metrics and nothing else on a TCP port of 127.0.0.1, for scrapers that know no Unix sockets. It needs no token, as the socket
/// needs none: every local user may read it. A Host that is not the loopback's is a page in a browser that guesses (DNS
/// rebinding).
/// </summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MetricsServer(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.First()).Port;

    /// <param name="port">0: the kernel's choice.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<MetricsServer> StartAsync(
        int port, Func<string> metrics, ILoggerFactory logs, CancellationToken stop)
    {
        var app = SmallServer.Build(kestrel => kestrel.Listen(IPAddress.Loopback, port), ConnectionsMax, logs);
        app.Use(async (http, next) =>
        {
            if (http.Request.Host.Host is "127.0.0.1" or "localhost")
            {
                await next(http);
            }
            else
            {
                http.Response.StatusCode = StatusCodes.Status403Forbidden;
            }
        });
        app.UseRouting();
        GetMetrics.Map(app, metrics);
        await app.StartAsync(stop);
        return new MetricsServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private const int ConnectionsMax = 100;
}
