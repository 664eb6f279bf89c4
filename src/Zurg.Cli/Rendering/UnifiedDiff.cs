using System.Collections.Immutable;

namespace Zurg.Cli.Rendering;

/// <summary>
/// The difference of two texts in the unified format of diff(1) and patch(1): a shortest edit script by Myers' greedy algorithm
/// ("An O(ND) difference algorithm", 1986).
/// </summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    /// <summary>Texts that differ in more lines than this are told as one that goes and one that comes: memory grows with its
    /// square.</summary>
    private const int EditsMax = 2_000;

    /// <summary>Lines without their ends; empty when the texts are equal.</summary>
    public static ImmutableArray<string> Of(string oldName, string newName, string before, string after)
    {
        if (before == after)
        {
            return [];
        }

        var edits = Edits(LinesOf(before), LinesOf(after));
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add($"--- {oldName}");
        lines.Add($"+++ {newName}");
        for (var at = 0; (at = NextChange(edits, at)) < edits.Count;)
        {
            var from = Math.Max(0, at - Context);
            var to = EndOfHunk(edits, at);
            AddHunk(lines, edits, from, to);
            at = to;
        }

        return lines.ToImmutable();
    }

    private static List<Edit> Edits(string[] before, string[] after)
    {
        var start = 0;
        while (start < before.Length && start < after.Length && before[start] == after[start])
        {
            start++;
        }

        var end = 0;
        while (end < before.Length - start && end < after.Length - start && before[^(end + 1)] == after[^(end + 1)])
        {
            end++;
        }

        return
        [
            .. before[..start].Select(l => new Edit(' ', l)),
            .. Middle(before[start..^end], after[start..^end]),
            .. before[^end..].Select(l => new Edit(' ', l)),
        ];
    }

    private static List<Edit> Middle(string[] before, string[] after)
    {
        var trace = Trace(before, after);
        if (trace is null)
        {
            return [.. before.Select(l => new Edit('-', l)), .. after.Select(l => new Edit('+', l))];
        }

        // Back from the end: each round of the trace says which way the furthest path came.
        var edits = new List<Edit>();
        var (x, y) = (before.Length, after.Length);
        for (var d = trace.Count - 1; d >= 0; d--)
        {
            var reached = trace[d];
            var k = x - y;
            var down = k == -d || (k != d && At(reached, d, k - 1) < At(reached, d, k + 1));
            var fromK = down ? k + 1 : k - 1;
            var fromX = d == 0 ? 0 : At(reached, d, fromK);
            var fromY = d == 0 ? 0 : fromX - fromK;
            while (x > fromX && y > fromY)
            {
                edits.Add(new Edit(' ', before[--x]));
                y--;
            }

            if (d > 0)
            {
                edits.Add(down ? new Edit('+', after[--y]) : new Edit('-', before[--x]));
            }
        }

        edits.Reverse();
        return edits;
    }

    /// <summary>For each number of edits how far each diagonal was reached before it; null when there are too many.</summary>
    private static List<int[]>? Trace(string[] before, string[] after)
    {
        var trace = new List<int[]>();
        var reached = new int[1];
        for (var d = 0; d <= EditsMax; d++)
        {
            trace.Add(reached);
            var next = new int[(2 * d) + 1];
            for (var k = -d; k <= d; k += 2)
            {
                var down = k == -d || (k != d && At(reached, d, k - 1) < At(reached, d, k + 1));
                var x = d == 0 ? 0 : down ? At(reached, d, k + 1) : At(reached, d, k - 1) + 1;
                while (x < before.Length && x - k < after.Length && before[x] == after[x - k])
                {
                    x++;
                }

                next[k + d] = x;
                if (x >= before.Length && x - k >= after.Length)
                {
                    return trace;
                }
            }

            reached = next;
        }

        return null;
    }

    /// <summary>Round d looks at what round d - 1 reached, whose diagonals run from -(d - 1) to d - 1.</summary>
    private static int At(int[] reached, int d, int k) => Math.Abs(k) <= d - 1 ? reached[k + d - 1] : -1;

    private static int NextChange(List<Edit> edits, int at)
    {
        while (at < edits.Count && edits[at].Kind == ' ')
        {
            at++;
        }

        return at;
    }

    /// <summary>Changes with at most six equal lines between them are one hunk.</summary>
    private static int EndOfHunk(List<Edit> edits, int at)
    {
        while (true)
        {
            while (at < edits.Count && edits[at].Kind != ' ')
            {
                at++;
            }

            var next = NextChange(edits, at);
            if (next >= edits.Count || next - at > 2 * Context)
            {
                return Math.Min(edits.Count, at + Context);
            }

            at = next;
        }
    }

    private static void AddHunk(ImmutableArray<string>.Builder lines, List<Edit> edits, int from, int to)
    {
        var hunk = edits[from..to];
        var before = edits.Take(from).Count(e => e.Kind != '+');
        var after = edits.Take(from).Count(e => e.Kind != '-');
        lines.Add($"@@ -{Range(before, hunk.Count(e => e.Kind != '+'))} +{Range(after, hunk.Count(e => e.Kind != '-'))} @@");
        foreach (var edit in hunk)
        {
            lines.Add(edit.Kind + edit.Line.TrimEnd('\n'));
            if (!edit.Line.EndsWith('\n'))
            {
                lines.Add("\\ No newline at end of file");
            }
        }
    }

    private static string Range(int before, int count) =>
        count == 1 ? $"{before + 1}" : $"{(count == 0 ? before : before + 1)},{count}";

    /// <summary>With their ends, so that a last line without one differs from one with it.</summary>
    private static string[] LinesOf(string text)
    {
        var lines = text.Split('\n');
        var whole = lines[..^1].Select(l => l + "\n");
        return lines[^1].Length == 0 ? [.. whole] : [.. whole, lines[^1]];
    }

    private readonly record struct Edit(char Kind, string Line);
}
