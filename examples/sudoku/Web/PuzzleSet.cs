using System.Collections.Immutable;

namespace Sudoku.Web;

/// <summary>The puzzles to pick from, 81 characters each. Every stretch of them mixes easy and hard ones.</summary>
internal sealed record PuzzleSet(ImmutableArray<string> Puzzles)
{
    public static PuzzleSet Load(string path) => new([.. File.ReadLines(path)]);
}
