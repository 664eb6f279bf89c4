namespace Sudoku.Solver;

/// <summary>Thinks before it guesses: the hardest puzzles take milliseconds.</summary>
internal static class Release
{
    public const string Version = "1.1.0";

    public static ISolver CreateSolver() => new PropagatingSolver();
}
