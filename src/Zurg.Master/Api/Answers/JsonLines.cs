using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Zurg.Master.Api;

/// <summary>A stream: one JSON object a line, each flushed at once. Ends when the caller leaves or the master stops.</summary>
/// <param name="lines">Each with its newline.</param>
/// <typeparam name="T">What a line holds, for the OpenAPI document.</typeparam>
internal sealed class JsonLines<T>(Func<CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> lines) : IResult, IEndpointMetadataProvider
{
    private const string ContentType = "application/x-ndjson";

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), [ContentType]));

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
