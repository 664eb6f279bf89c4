using System.Collections.Immutable;
using System.Numerics;

namespace Sudoku;

/// <summary>Fills blank after blank with the lowest digit that fits and takes it back where nothing fits any more.
/// Right for every puzzle, and slow where the first rows say little.</summary>
public sealed class BacktrackingSolver : ISolver
{
    public ImmutableArray<Grid> Solve(Grid puzzle, int solutionsMax, CancellationToken stop)
    {
        var search = new Search(puzzle, solutionsMax, stop);
        search.FillFrom(0);
        return search.Found;
    }

    private sealed class Search
    {
        private const int Digits = 0b11_1111_1110;

        private readonly int solutionsMax;
        private readonly CancellationToken stop;
        private readonly int[] cells = new int[Grid.CellsCount];

        // Bit d says that the digit d is taken in this row, column or box.
        private readonly int[] rows = new int[9];
        private readonly int[] columns = new int[9];
        private readonly int[] boxes = new int[9];

        public Search(Grid puzzle, int solutionsMax, CancellationToken stop)
        {
            this.solutionsMax = solutionsMax;
            this.stop = stop;
            for (var cell = 0; cell < Grid.CellsCount; cell++)
            {
                if (puzzle[cell] != 0)
                {
                    Toggle(cell, puzzle[cell]);
                }
            }
        }

        public ImmutableArray<Grid> Found { get; private set; } = [];

        public void FillFrom(int cell)
        {
            stop.ThrowIfCancellationRequested();
            while (cell < Grid.CellsCount && cells[cell] != 0)
            {
                cell++;
            }

            if (cell == Grid.CellsCount)
            {
                Found = Found.Add(Grid.Parse(string.Concat(cells)));
                return;
            }

            var free = Digits & ~(rows[cell / 9] | columns[cell % 9] | boxes[Units.BoxOf(cell)]);
            for (; free != 0 && Found.Length < solutionsMax; free &= free - 1)
            {
                var digit = BitOperations.TrailingZeroCount(free);
                Toggle(cell, digit);
                FillFrom(cell + 1);
                Toggle(cell, digit);
            }
        }

        /// <summary>Puts a digit into a blank cell, or takes that digit out of it again.</summary>
        private void Toggle(int cell, int digit)
        {
            cells[cell] ^= digit;
            rows[cell / 9] ^= 1 << digit;
            columns[cell % 9] ^= 1 << digit;
            boxes[Units.BoxOf(cell)] ^= 1 << digit;
        }
    }
}
