using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Like with like, as far as there is.</summary>
internal enum ControlBasis
{
    /// <summary>The old ones in the cells of the new ones, each calling cell by itself.</summary>
    SameCells,

    /// <summary>The old ones in any cell, each calling cell by itself.</summary>
    SameCallers,

    /// <summary>All together.</summary>
    AnyCells,

    /// <summary>No old one is left: what there was before.</summary>
    Before,
}

/// <summary>
/// Which of the old release's counts are the control (SAFETY.md 6). It goes by where instances are and who called them, never by
/// what went bad.
/// </summary>
internal sealed class ControlChoice
{
    private readonly SortedSet<string> _cells;

    private ControlChoice(ControlBasis basis, string? reason, IEnumerable<JudgedInstance> judged)
    {
        (Basis, Reason) = (basis, reason);
        _cells = new SortedSet<string>(judged.Select(i => i.Cell.Value), StringComparer.Ordinal);
    }

    public ControlBasis Basis { get; }

    /// <summary>Why not those of the same cells, in one sentence; null when it is them.</summary>
    public string? Reason { get; }

    public static ControlChoice Of(VerdictQuestion question, IReadOnlyCollection<TrafficRow> rows)
    {
        if (question.Old.IsEmpty)
        {
            return new ControlChoice(
                ControlBasis.Before, $"no instance has {question.From.Version} any more: it is compared with the time before",
                question.New);
        }

        var lonely = question.New.Select(i => i.Cell).Except(question.Old.Select(i => i.Cell)).Order().Take(1).ToArray();
        if (lonely is not [var cell])
        {
            return new ControlChoice(ControlBasis.SameCells, null, question.New);
        }

        var since = question.Since.ToUnixTimeSeconds();
        var callers = rows.Where(r => !r.IsNew && r.Second >= since).Select(r => r.Caller).ToHashSet();
        var requests = rows.Where(r => r.IsNew).GroupBy(r => callers.Contains(r.Caller))
            .ToDictionary(g => g.Key, g => g.Sum(r => r.Count.Requests));
        var why = $"no instance in cell {cell} has {question.From.Version}: it is compared with those in other cells";
        return requests.GetValueOrDefault(true) >= requests.GetValueOrDefault(false)
            ? new ControlChoice(ControlBasis.SameCallers, why, question.New)
            : new ControlChoice(ControlBasis.AnyCells, why + ", which others call", question.New);
    }

    /// <summary>What is compared with one another, by the callers' cell and the instances'; null: with nothing.</summary>
    public (string Caller, string Cell)? StratumOf(CellName? caller, CellName cell) => Basis switch
    {
        ControlBasis.SameCells => _cells.Contains(cell.Value) ? (caller?.Value ?? "", cell.Value) : null,
        ControlBasis.SameCallers => (caller?.Value ?? "", ""),
        ControlBasis.AnyCells or ControlBasis.Before => ("", ""),
    };
}
