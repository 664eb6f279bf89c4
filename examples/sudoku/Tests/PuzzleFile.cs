using System.Collections.Immutable;

namespace Sudoku.Tests;

internal static class PuzzleFile
{
    public static ImmutableArray<Grid> Puzzles { get; } =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "puzzles.txt")).Select(Grid.Parse)];
}
