using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// A refusal as problem+json (RFC 9457). Each status is a type of its own, so that a handler's signature lists them.
/// </summary>
/// <param name="detail">One sentence: what is wrong.</param>
/// <param name="mend">What to do next.</param>
internal abstract class ProblemAnswer(
    int status, string detail, string? mend, ImmutableArray<Problem> problems) : IResult, IStatusCodeHttpResult
{
    private const string ContentType = "application/problem+json";

    public int? StatusCode => status;

    public ApiProblem Problem { get; } = new()
    {
        Title = ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Refused",
        Status = status,
        Detail = detail,
        Mend = mend,
        Problems = problems,
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = ContentType;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(Problem, WireJson.Default.ApiProblem);
        httpContext.Response.ContentLength = bytes.Length;
        await httpContext.Response.Body.WriteAsync(bytes, httpContext.RequestAborted);
    }

    protected static void Describe(EndpointBuilder builder, int status) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(ApiProblem), [ContentType]));
}

/// <summary>Any status, for the middleware: endpoints name theirs.</summary>
internal sealed class AnyProblem(int status, string detail, string? mend = null) : ProblemAnswer(status, detail, mend, []);
