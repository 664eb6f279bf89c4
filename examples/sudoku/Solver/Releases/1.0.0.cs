namespace Sudoku.Solver;

/// <summary>The first one: it tries, and takes back what did not work.</summary>
internal static class Release
{
    public const string Version = "1.0.0";

    public static ISolver CreateSolver() => new BacktrackingSolver();
}
