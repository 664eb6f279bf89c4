using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Sudoku.Web.Api;

/// <summary>POST /api/solve: hands the puzzle to a solver, and its answer back as it is.</summary>
internal static class SolvePuzzle
{
    // More than any puzzle has; what is wrong with a longer one, a solver says.
    private const int BodyBytesMax = 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/solve", HandleAsync);

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> HandleAsync(
        HttpContext context, Solvers solvers, CancellationToken stop)
    {
        try
        {
            var answer = await solvers.SolveAsync(await ReadAsync(context.Request.Body, stop), stop);
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.ContentType;
            await context.Response.Body.WriteAsync(answer.Body, stop);
            return TypedResults.Empty;
        }
        catch (HttpRequestException e)
        {
            return NoSolver(e.Message);
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return NoSolver($"No solver answered within {Solvers.AnswerWithin.TotalSeconds} s.");
        }
    }

    private static ProblemHttpResult NoSolver(string why) => TypedResults.Problem(
        title: "No solver is available", detail: why, statusCode: StatusCodes.Status503ServiceUnavailable);

    private static async Task<string> ReadAsync(Stream body, CancellationToken stop)
    {
        var bytes = new byte[BodyBytesMax];
        var length = await body.ReadAtLeastAsync(bytes, BodyBytesMax, throwOnEndOfStream: false, stop);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
