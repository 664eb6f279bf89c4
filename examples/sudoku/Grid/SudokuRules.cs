namespace Sudoku;

/// <summary>
/// The rules of the game, for whoever checks an answer: this file needs no other, and no solver has a say in it.
/// </summary>
public static class SudokuRules
{
    private const int CellsCount = 81;

    /// <summary>Why <paramref name="puzzle"/> is no puzzle, in words for a person, or null. A puzzle is 81 cells row by row,
    /// each a digit from 1 to 9 or a blank (<c>.</c> or <c>0</c>), with no digit twice in a row, column or box.</summary>
    public static string? Problem(string puzzle)
    {
        if (puzzle.Length != CellsCount)
        {
            return $"A puzzle has {CellsCount} cells, row by row; this one has {puzzle.Length}.";
        }

        for (var cell = 0; cell < CellsCount; cell++)
        {
            if (!IsBlank(puzzle[cell]) && !IsDigit(puzzle[cell]))
            {
                return $"Position {cell + 1} holds {Shown(puzzle[cell])}; "
                    + "a cell is a digit from 1 to 9, or '.' or '0' for a blank.";
            }
        }

        return Duplicate(puzzle);
    }

    /// <summary>Why <paramref name="solution"/> does not complete <paramref name="puzzle"/>, in words for a person,
    /// or null when it does.</summary>
    public static string? Problem(string puzzle, string solution)
    {
        if ((Problem(puzzle) ?? Problem(solution)) is { } problem)
        {
            return problem;
        }

        for (var cell = 0; cell < CellsCount; cell++)
        {
            if (IsBlank(solution[cell]))
            {
                return $"Position {cell + 1} of the solution is blank.";
            }

            if (!IsBlank(puzzle[cell]) && puzzle[cell] != solution[cell])
            {
                return $"Position {cell + 1} is {puzzle[cell]} in the puzzle and {solution[cell]} in the solution.";
            }
        }

        return null;
    }

    private static string? Duplicate(string cells)
    {
        // Bit d of seen[unit] says that the unit holds the digit d; units 0..8 are rows, 9..17 columns, 18..26 boxes.
        Span<int> seen = stackalloc int[27];
        for (var cell = 0; cell < CellsCount; cell++)
        {
            if (IsBlank(cells[cell]))
            {
                continue;
            }

            var (row, column) = (cell / 9, cell % 9);
            foreach (var unit in (ReadOnlySpan<int>)[row, 9 + column, 18 + (row / 3 * 3) + (column / 3)])
            {
                var bit = 1 << (cells[cell] - '0');
                if ((seen[unit] & bit) != 0)
                {
                    return $"There are two {cells[cell]}s in {UnitName(unit)}.";
                }

                seen[unit] |= bit;
            }
        }

        return null;
    }

    private static string UnitName(int unit) => (unit / 9) switch
    {
        0 => $"row {unit + 1}",
        1 => $"column {unit - 8}",
        _ => $"box {unit - 17}",
    };

    private static bool IsBlank(char cell) => cell is '.' or '0';

    private static bool IsDigit(char cell) => cell is >= '1' and <= '9';

    private static string Shown(char cell) => char.IsAsciiLetterOrDigit(cell) || char.IsPunctuation(cell) || char.IsSymbol(cell)
        ? $"'{cell}'"
        : $"U+{(int)cell:X4}";
}
