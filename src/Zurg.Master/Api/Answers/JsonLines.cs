using System.IO.Pipelines;
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
        using var end = EndOf(httpContext);
        try
        {
            var writer = await BeginAsync(httpContext.Response, end.Token);
            await foreach (var line in lines(end.Token))
            {
                await writer.WriteAsync(line, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The usual end of a stream.
        }
    }

    /// <summary>The reader leaves, or the master stops.</summary>
    public static CancellationTokenSource EndOf(HttpContext httpContext)
    {
        var master = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        return CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, master.ApplicationStopping);
    }

    /// <summary>The head of the answer goes out at once, before there is any line.</summary>
    /// <returns>What is written to it is sent at once.</returns>
    public static async Task<PipeWriter> BeginAsync(HttpResponse response, CancellationToken stop)
    {
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        await response.BodyWriter.FlushAsync(stop);
        return response.BodyWriter;
    }
}
