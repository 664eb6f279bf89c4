using System.Buffers;
using System.Collections.Immutable;
using System.Numerics;

namespace Sudoku;

/// <summary>Like <see cref="PropagatingSolver"/>, with the boards of the whole search in one rented array.
/// <para>It has a bug, on purpose: release 1.2.0 is the bad release that a rollout has to notice. The pool holds
/// <see cref="GuessesMax"/> boards, since "no puzzle needs more guesses than that"; the few that do end in an exception,
/// which the solver's users see as HTTP 500. The example's README says how many of the puzzle set these are, a test keeps it
/// true. An answer that it gives is always right.</para></summary>
public sealed class PooledSolver : ISolver
{
    private const int GuessesMax = 5;

    public ImmutableArray<Grid> Solve(Grid puzzle, int solutionsMax, CancellationToken stop)
    {
        var pool = ArrayPool<ushort>.Shared.Rent((GuessesMax + 1) * Board.Size);
        try
        {
            var found = ImmutableArray.CreateBuilder<Grid>();
            var boards = pool.AsSpan(0, (GuessesMax + 1) * Board.Size);
            if (BoardAt(boards, 0).TryStart(puzzle))
            {
                Search(boards, 0, found, solutionsMax, stop);
            }

            return found.DrainToImmutable();
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(pool);
        }
    }

    private static void Search(
        Span<ushort> boards, int depth, ImmutableArray<Grid>.Builder found, int solutionsMax, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var board = BoardAt(boards, depth);
        var cell = board.CellToGuess();
        if (cell < 0)
        {
            found.Add(board.ToGrid());
            return;
        }

        var guess = BoardAt(boards, depth + 1);
        for (var digits = board.DigitsOf(cell); digits != 0 && found.Count < solutionsMax; digits &= digits - 1)
        {
            board.CopyTo(guess);
            if (guess.TryPlace(cell, BitOperations.TrailingZeroCount(digits)))
            {
                Search(boards, depth + 1, found, solutionsMax, stop);
            }
        }
    }

    private static Board BoardAt(Span<ushort> boards, int depth) => new(boards.Slice(depth * Board.Size, Board.Size));
}
