using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Sudoku.Web.Api;

/// <summary>GET /api/puzzles[?count=N]: the first N puzzles of the set, or all, as a JSON array of strings.</summary>
internal static class ListPuzzles
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/puzzles", Handle);

    private static Results<Ok<ImmutableArray<string>>, ProblemHttpResult> Handle(PuzzleSet set, int? count) => count is <= 0
        ? TypedResults.Problem($"count is {count}; it must be at least 1", statusCode: StatusCodes.Status400BadRequest)
        : TypedResults.Ok(set.Puzzles[..Math.Min(count ?? int.MaxValue, set.Puzzles.Length)]);
}
