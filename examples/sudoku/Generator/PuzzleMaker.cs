namespace Sudoku.Generator;

/// <summary>Makes puzzles with exactly one solution from a seeded source of chance: the same seed, the same puzzles.</summary>
internal sealed class PuzzleMaker(Random chance)
{
    // Thinning is a walk among minimal puzzles. It ends after so many steps that led to no thinner one.
    private const int WalkStepsMax = 6;

    private static readonly PropagatingSolver Solver = new();

    /// <summary>A puzzle with <paramref name="clues"/> clues, or with more where none can be taken away without a second solution
    /// appearing. With 0 it is minimal: it needs every one of its clues.</summary>
    public Grid Make(int clues, CancellationToken stop) => Thin(RandomSolution(stop), clues, stop);

    /// <summary>A minimal puzzle with as few clues as a short search finds: 18 to 20. Takes seconds.</summary>
    public Grid MakeThin(CancellationToken stop)
    {
        var puzzle = Make(clues: 0, stop);
        for (var step = 0; step < WalkStepsMax; step++)
        {
            if (Exchange(puzzle, away: 2, stop) is { } thinner)
            {
                (puzzle, step) = (thinner, -1);
            }
            else
            {
                puzzle = Exchange(puzzle, away: 1, stop) ?? puzzle;
            }
        }

        return puzzle;
    }

    /// <summary>Random clues that leave at least one solution, until just one is left.</summary>
    private Grid RandomSolution(CancellationToken stop)
    {
        var clues = Grid.Empty;
        while (true)
        {
            if (clues.With(chance.Next(Grid.CellsCount), chance.Next(1, 10)) is not { } more)
            {
                continue;
            }

            var solutions = Solver.Solve(more, solutionsMax: 2, stop);
            if (solutions.Length == 1)
            {
                return solutions[0];
            }

            clues = solutions.IsEmpty ? clues : more;
        }
    }

    private Grid Thin(Grid puzzle, int clues, CancellationToken stop)
    {
        foreach (var cell in ShuffledClues(puzzle))
        {
            if (puzzle.Clues <= clues)
            {
                break;
            }

            var thinner = puzzle.With(cell, 0)!;
            puzzle = Solver.Solve(thinner, solutionsMax: 2, stop).Length == 1 ? thinner : puzzle;
        }

        return puzzle;
    }

    /// <summary>Another minimal puzzle, with one or two clues replaced by a single one. Null: none could be.</summary>
    private Grid? Exchange(Grid puzzle, int away, CancellationToken stop)
    {
        var clues = ShuffledClues(puzzle);
        var pairs = from first in clues
                    from second in clues
                    where away == 1 ? first == second : first < second
                    select puzzle.With(first, 0)!.With(second, 0)!;
        return pairs.Select(without => WithTellingClue(without, stop))
            .FirstOrDefault(other => other is not null && other != puzzle)
            is { } found ? Thin(found, clues: 0, stop) : null;
    }

    /// <summary>Looks through all solutions of a puzzle for a digit that only one of them has in some cell: this one clue makes
    /// that solution the only one. Null: there is no such clue, or there are too many solutions to look through.</summary>
    private Grid? WithTellingClue(Grid puzzle, CancellationToken stop)
    {
        const int solutionsMax = 2_000;
        var solutions = Solver.Solve(puzzle, solutionsMax, stop);
        if (solutions.Length == solutionsMax)
        {
            return null;
        }

        var counts = new int[Grid.CellsCount, 10];
        foreach (var solution in solutions)
        {
            for (var cell = 0; cell < Grid.CellsCount; cell++)
            {
                counts[cell, solution[cell]]++;
            }
        }

        var telling = from cell in Enumerable.Range(0, Grid.CellsCount)
                      from digit in Enumerable.Range(1, 9)
                      where counts[cell, digit] == 1
                      select (cell, digit);
        return Shuffled(telling) is [var (at, which), ..] ? puzzle.With(at, which) : null;
    }

    private int[] ShuffledClues(Grid puzzle) => Shuffled(Enumerable.Range(0, Grid.CellsCount).Where(cell => puzzle[cell] != 0));

    private T[] Shuffled<T>(IEnumerable<T> items)
    {
        var array = items.ToArray();
        chance.Shuffle(array);
        return array;
    }
}
