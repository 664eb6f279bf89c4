using System.Collections.Immutable;
using System.Numerics;

namespace Sudoku;

/// <summary>Draws every conclusion that <see cref="Board"/> can draw, and guesses only where it draws none, on a copy.</summary>
public sealed class PropagatingSolver : ISolver
{
    public ImmutableArray<Grid> Solve(Grid puzzle, int solutionsMax, CancellationToken stop)
    {
        var found = ImmutableArray.CreateBuilder<Grid>();
        var board = new Board(stackalloc ushort[Board.Size]);
        if (board.TryStart(puzzle))
        {
            Search(board, found, solutionsMax, stop);
        }

        return found.DrainToImmutable();
    }

    private static void Search(Board board, ImmutableArray<Grid>.Builder found, int solutionsMax, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var cell = board.CellToGuess();
        if (cell < 0)
        {
            found.Add(board.ToGrid());
            return;
        }

        // Each guess settles at least one cell, so the search is at most 81 boards of 162 bytes deep: the stack holds them.
        var guess = new Board(stackalloc ushort[Board.Size]);
        for (var digits = board.DigitsOf(cell); digits != 0 && found.Count < solutionsMax; digits &= digits - 1)
        {
            board.CopyTo(guess);
            if (guess.TryPlace(cell, BitOperations.TrailingZeroCount(digits)))
            {
                Search(guess, found, solutionsMax, stop);
            }
        }
    }
}
