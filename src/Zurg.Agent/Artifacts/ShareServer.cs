using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// Gives files of this host's releases to other hosts, where it was told to listen. As the master's API it wants the cluster's
/// token, and a Host that is its own: a page in a browser must not guess (DNS rebinding).
/// </summary>
internal sealed class ShareServer : IAsyncDisposable
{
    private const int ConnectionsMax = 64;
    private readonly WebApplication _app;

    private ShareServer(WebApplication app) => _app = app;

    /// <summary>For other hosts; the port is the kernel's choice when it was to be 0.</summary>
    public Uri Url => new(_app.Urls.First());

    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<ShareServer> StartAsync(
        IPEndPoint listen, SharedFiles files, string tokenFile, ILoggerFactory logs, CancellationToken stop)
    {
        var app = SmallServer.Build(kestrel => kestrel.Listen(listen), ConnectionsMax, logs);
        app.Use(async (http, next) =>
        {
            var refused = http.Request.Host.Host != listen.Address.ToString() ? StatusCodes.Status403Forbidden
                : await KnowsTokenAsync(http, tokenFile) ? null : (int?)StatusCodes.Status401Unauthorized;
            if (refused is { } status)
            {
                http.Response.StatusCode = status;
            }
            else
            {
                await next(http);
            }
        });
        app.UseRouting();
        app.MapGet("/v1/artifacts/{digest}", (HttpContext http) => AnswerAsync(http, files));
        await app.StartAsync(stop);
        return new ShareServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static async Task<bool> KnowsTokenAsync(HttpContext http, string tokenFile)
    {
        var expected = "Bearer " + await AgentToken.ReadAsync(tokenFile, http.RequestAborted);
        return CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString())),
            SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
    }

    private static Task AnswerAsync(HttpContext http, SharedFiles files)
    {
        var asked = (string?)http.Request.RouteValues["digest"];
        var bytes = Digest.TryParse(asked, null, out var digest) ? files.Open(digest) : null;
        IResult answer = bytes is null
            ? TypedResults.NotFound()
            : TypedResults.Stream(bytes, "application/octet-stream", enableRangeProcessing: true);
        return answer.ExecuteAsync(http);
    }
}
