using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Zurg.Protocol.Local;

namespace Zurg.Agent.Local;

/// <summary>The shapes of the local socket's answers.</summary>
internal static class LocalAnswers
{
    /// <summary>Whole sets, one a line, until the reader goes or the agent stops. The headers go out at once.</summary>
    public static async Task StreamAsync(HttpContext http, NamingCache cache, Follower follower, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stop);
        http.Response.ContentType = "application/x-ndjson";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await http.Response.Body.FlushAsync(end.Token);
            await foreach (var set in cache.ReadAsync(follower, end.Token))
            {
                await http.Response.Body.WriteAsync(set.Line, end.Token);
                await http.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The end of a stream is no error: the consumer goes on with what it has.
        }
    }

    public static async Task JsonAsync(HttpContext http, ReadOnlyMemory<byte> json, CancellationToken stop)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = json.Length;
        await http.Response.Body.WriteAsync(json, stop);
    }

    public static async Task ProblemAsync(HttpContext http, int status, string title, string? detail, CancellationToken stop)
    {
        var problem = JsonSerializer.SerializeToUtf8Bytes(new LocalProblem(title, status, detail),
            LocalJson.Default.LocalProblem);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/problem+json";
        http.Response.ContentLength = problem.Length;
        await http.Response.Body.WriteAsync(problem, stop);
    }
}
