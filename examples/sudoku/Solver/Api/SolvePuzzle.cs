using System.Diagnostics;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Sudoku.Solver.Api;

/// <summary>POST /solve: 81 characters in, the solution or why there is none out.</summary>
internal static class SolvePuzzle
{
    // A puzzle has 81 bytes. Enough more is read to say how wrong a wrong one is.
    private const int BodyBytesMax = 1024;

    // The slow release needs seconds for rare puzzles, many on a busy machine, and would need years for a few.
    private static readonly TimeSpan SearchMax = TimeSpan.FromSeconds(30);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/solve", HandleAsync);

    private static async Task<Results<Ok<Solved>, ProblemHttpResult>> HandleAsync(
        HttpRequest request, ISolver solver, Instance instance, CancellationToken stop)
    {
        if (Grid.TryParse(await ReadAsync(request.Body, stop), out var problem) is not { } puzzle)
        {
            return Unsolvable(problem!);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(SearchMax);
        var started = Stopwatch.GetTimestamp();
        try
        {
            // The second solution is only looked for to know whether the first is the only one.
            var solutions = solver.Solve(puzzle, solutionsMax: 2, limit.Token);
            var micros = (long)Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            return solutions.IsEmpty
                ? Unsolvable("The clues obey the rules, but no completion of them does: this puzzle has no solution.")
                : TypedResults.Ok(
                    new Solved(solutions[0].ToString(), solutions.Length == 1, instance.Id, instance.Release, micros));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return TypedResults.Problem(
                title: "Too hard for this solver",
                detail: $"No solution was found within {SearchMax.TotalSeconds} s.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static ProblemHttpResult Unsolvable(string why) => TypedResults.Problem(
        title: "No solution", detail: why, statusCode: StatusCodes.Status422UnprocessableEntity);

    private static async Task<string> ReadAsync(Stream body, CancellationToken stop)
    {
        var bytes = new byte[BodyBytesMax];
        var length = await body.ReadAtLeastAsync(bytes, BodyBytesMax, throwOnEndOfStream: false, stop);
        return Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\r', '\n');
    }
}

/// <param name="Solution">81 digits.</param>
/// <param name="Unique">False: there are others.</param>
/// <param name="Solver">The instance that found it.</param>
/// <param name="Release">The release of that instance.</param>
/// <param name="Micros">Time spent searching, in microseconds.</param>
internal sealed record Solved(string Solution, bool Unique, string Solver, string Release, long Micros);

[JsonSerializable(typeof(Solved))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class SolverJson : JsonSerializerContext;
