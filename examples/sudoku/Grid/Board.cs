using System.Numerics;

namespace Sudoku;

/// <summary>The digits still possible in each cell, as bits 1 to 9. Two rules are applied as far as they go with every change:
/// a cell with one digit left takes it from its peers, and a digit with one cell left in a unit goes there.</summary>
internal readonly ref struct Board(Span<ushort> candidates)
{
    public const int Size = Grid.CellsCount;

    private const ushort Digits = 0b11_1111_1110;

    private readonly Span<ushort> candidates = candidates;

    /// <summary>Starts from the clues of a puzzle. False: they contradict each other.</summary>
    public bool TryStart(Grid puzzle)
    {
        candidates.Fill(Digits);
        for (var cell = 0; cell < Size; cell++)
        {
            if (puzzle[cell] != 0 && !TryPlace(cell, puzzle[cell]))
            {
                return false;
            }
        }

        return true;
    }

    public void CopyTo(Board other) => candidates.CopyTo(other.candidates);

    /// <summary>The digits that a cell may still hold, as bits.</summary>
    public int DigitsOf(int cell) => candidates[cell];

    /// <summary>
    /// A cell with the fewest digits left, but more than one: guessing there is wrong least often. -1: all is solved.
    /// </summary>
    public int CellToGuess()
    {
        var (best, fewest) = (-1, int.MaxValue);
        for (var cell = 0; cell < Size && fewest > 2; cell++)
        {
            var count = BitOperations.PopCount(candidates[cell]);
            if (count > 1 && count < fewest)
            {
                (best, fewest) = (cell, count);
            }
        }

        return best;
    }

    /// <summary>Rules out every other digit of a cell. False: that contradicts what is known, and the board is spoilt.</summary>
    public bool TryPlace(int cell, int digit)
    {
        for (var others = candidates[cell] & ~(1 << digit); others != 0; others &= others - 1)
        {
            if (!TryRuleOut(cell, others & -others))
            {
                return false;
            }
        }

        return candidates[cell] == 1 << digit;
    }

    public Grid ToGrid()
    {
        Span<char> text = stackalloc char[Size];
        for (var cell = 0; cell < Size; cell++)
        {
            text[cell] = (char)('0' + BitOperations.TrailingZeroCount(candidates[cell]));
        }

        return Grid.Parse(new string(text));
    }

    private bool TryRuleOut(int cell, int bit)
    {
        if ((candidates[cell] & bit) == 0)
        {
            return true;
        }

        var left = candidates[cell] &= (ushort)~bit;
        if (left == 0)
        {
            return false;
        }

        if (BitOperations.IsPow2(left) && !TryRuleOutOfPeers(cell, left))
        {
            return false;
        }

        foreach (var unit in Units.Of[cell])
        {
            var (count, only) = PlacesOf(bit, unit.AsSpan());
            if (count == 0 || (count == 1 && !TryPlace(only, BitOperations.TrailingZeroCount(bit))))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryRuleOutOfPeers(int cell, int bit)
    {
        foreach (var peer in Units.Peers[cell])
        {
            if (!TryRuleOut(peer, bit))
            {
                return false;
            }
        }

        return true;
    }

    private (int Count, int Last) PlacesOf(int bit, ReadOnlySpan<int> unit)
    {
        var (count, last) = (0, -1);
        foreach (var cell in unit)
        {
            if ((candidates[cell] & bit) != 0)
            {
                (count, last) = (count + 1, cell);
            }
        }

        return (count, last);
    }
}
