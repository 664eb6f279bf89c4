using System.Collections.Immutable;

namespace Sudoku;

public interface ISolver
{
    /// <summary>Completions of a puzzle, at most <paramref name="solutionsMax"/> of them: none when it has none. Two are enough
    /// to know that a puzzle is not a proper one. Safe to call from many threads at once.</summary>
    /// <exception cref="OperationCanceledException">Stopped before the search was over.</exception>
    ImmutableArray<Grid> Solve(Grid puzzle, int solutionsMax, CancellationToken stop);
}
