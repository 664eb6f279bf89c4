using System.Collections.Immutable;

namespace Sudoku;

/// <summary>The 27 rows, columns and boxes of nine cells each, and who shares one with whom.</summary>
internal static class Units
{
    /// <summary>The cells of each unit: nine rows, then nine columns, then nine boxes.</summary>
    public static ImmutableArray<ImmutableArray<int>> All { get; } =
    [
        .. Enumerable.Range(0, 9).Select(row => Cells(cell => cell / 9 == row)),
        .. Enumerable.Range(0, 9).Select(column => Cells(cell => cell % 9 == column)),
        .. Enumerable.Range(0, 9).Select(box => Cells(cell => BoxOf(cell) == box)),
    ];

    /// <summary>For each cell its three units.</summary>
    public static ImmutableArray<ImmutableArray<ImmutableArray<int>>> Of { get; } =
        [.. Enumerable.Range(0, Grid.CellsCount).Select(cell => All.Where(unit => unit.Contains(cell)).ToImmutableArray())];

    /// <summary>For each cell the 20 others that may not hold the same digit.</summary>
    public static ImmutableArray<ImmutableArray<int>> Peers { get; } =
        [.. Of.Select((units, cell) => units.SelectMany(unit => unit).Distinct().Where(peer => peer != cell).ToImmutableArray())];

    public static int BoxOf(int cell) => (cell / 27 * 3) + (cell % 9 / 3);

    private static ImmutableArray<int> Cells(Func<int, bool> belongs) => [.. Enumerable.Range(0, Grid.CellsCount).Where(belongs)];
}
