using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Zurg.Master.Api;

/// <summary>A stream: one JSON object a line, each flushed at once. Ends when the caller leaves or the master stops.</summary>
/// <param name="lines">Each with its newline.</param>
internal sealed class JsonLines(Func<CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> lines) : IResult
{
    public const string ContentType = "application/x-ndjson";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var master = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, master.ApplicationStopping);
        var response = httpContext.Response;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        try
        {
            await response.Body.FlushAsync(end.Token);
            await foreach (var line in lines(end.Token))
            {
                await response.Body.WriteAsync(line, end.Token);
                await response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The usual end of a stream.
        }
    }
}
