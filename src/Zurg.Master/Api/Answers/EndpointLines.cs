using Microsoft.AspNetCore.Http;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// A stream of one service's sets. There may be ten thousand of them, so none has a reader of its own that wakes up.
/// </summary>
internal sealed class EndpointLines(ServiceName service, NamingFanOut naming, WriteLanes lanes) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var end = JsonLines.EndOf(httpContext);
        try
        {
            var writer = await JsonLines.BeginAsync(httpContext.Response, end.Token);
            await new EndpointStream(writer, lanes.Next()).RunAsync(naming, service, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The usual end of a stream.
        }
    }
}
