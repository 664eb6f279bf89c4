namespace Sudoku;

/// <summary>81 cells, row by row; 0 is a blank. A puzzle is a grid with blanks, a solution one without. It obeys the rules:
/// no digit is twice in a row, column or box.</summary>
public sealed record Grid
{
    public const int CellsCount = 81;

    private readonly string cells;

    private Grid(string cells) => this.cells = cells;

    public static Grid Empty { get; } = new(new string('.', CellsCount));

    public int Clues => cells.Count(c => c != '.');

    public int this[int cell] => cells[cell] == '.' ? 0 : cells[cell] - '0';

    /// <summary>
    /// The grid that <paramref name="text"/> writes down, or null and the problem with it, in words for a person.
    /// </summary>
    public static Grid? TryParse(string text, out string? problem)
    {
        problem = SudokuRules.Problem(text);
        return problem is null ? new Grid(text.Replace('0', '.')) : null;
    }

    /// <exception cref="FormatException">The text is no grid; the message says why.</exception>
    public static Grid Parse(string text) => TryParse(text, out var problem) ?? throw new FormatException(problem);

    /// <summary>The same grid with a digit (0 blanks it) in one cell, or null when the rules forbid it there.</summary>
    public Grid? With(int cell, int digit)
    {
        var changed = cells[..cell] + (digit == 0 ? '.' : (char)('0' + digit)) + cells[(cell + 1)..];
        return TryParse(changed, out _);
    }

    /// <summary>The 81 cells as text, with a dot for a blank.</summary>
    public override string ToString() => cells;
}
