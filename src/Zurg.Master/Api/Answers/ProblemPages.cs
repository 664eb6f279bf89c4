using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// The outermost middleware: whatever no endpoint answered (an unknown route, a wrong method, a value that cannot be bound, a
/// fault) becomes problem+json too, and never a stack trace.
/// </summary>
internal sealed partial class ProblemPages(RequestDelegate next, ILogger<ProblemPages> logger)
{
    private static readonly ImmutableArray<(string Name, Func<string, string?> ProblemOf)> RouteIds =
    [
        ("service", ServiceName.ProblemOf), ("instance", InstanceId.ProblemOf), ("name", ReleaseName.ProblemOf),
        ("version", ReleaseVersion.ProblemOf), ("digest", Digest.ProblemOf), ("host", HostId.ProblemOf),
    ];

    public async Task InvokeAsync(HttpContext context)
    {
        ProblemAnswer? problem;
        try
        {
            await next(context);
            problem = context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } ? Bare(context) : null;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // nobody is there any more to be answered
        }
        catch (BadHttpRequestException e)
        {
            problem = new AnyProblem(e.StatusCode, Words(context, e), "the API is described at /openapi/v1.json");
        }
        catch (StoreFaultException e)
        {
            Log.Failed(logger, context.Request.Method, context.Request.Path, e);
            problem = new AnyProblem(
                503, "the store does not answer: whether anything was written is not known", "look, then try again");
        }
        catch (Exception e)
        {
            Log.Failed(logger, context.Request.Method, context.Request.Path, e);
            problem = new AnyProblem(
                500, "the master failed at this request: its log says why", "report it with the master's log");
        }

        if (problem is not null && !context.Response.HasStarted)
        {
            await problem.ExecuteAsync(context);
        }
    }

    private static AnyProblem Bare(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path);
        return context.Response.StatusCode switch
        {
            404 => new AnyProblem(404, $"there is nothing at {path}", "the API is described at /openapi/v1.json"),
            405 => new AnyProblem(405, $"{path} knows no {method}", $"it allows {context.Response.Headers.Allow}"),
            415 => new AnyProblem(415, "the body has the wrong Content-Type", "send application/json"),
            var status => new AnyProblem(status, $"{method} {path} was refused with status {status}"),
        };
    }

    // The framework's words name a type and a parameter; an id's own say what is wrong with it and what would be right.
    private static string Words(HttpContext context, BadHttpRequestException e)
    {
        if (e.InnerException is JsonException json)
        {
            return $"the body is not the JSON expected: {json.Message}";
        }

        foreach (var (name, problemOf) in RouteIds)
        {
            var value = context.Request.RouteValues.GetValueOrDefault(name) as string ?? context.Request.Query[name].ToString();
            if (value.Length > 0 && problemOf(value) is { } problem)
            {
                return problem;
            }
        }

        return e.Message;
    }

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, string method, PathString path, Exception reason);
    }
}
