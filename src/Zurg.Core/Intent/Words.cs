namespace Zurg.Core;

/// <summary>How problems are worded: quoted names that stay short, and guesses at what was meant.</summary>
public static class Words
{
    private const int ShownMax = 60;
    private const int ListedMax = 8;

    public static string Quote(string text) => $"'{Shorten(text)}'";

    /// <summary>At most 60 characters, on one line: whoever wrote 1 MiB as a name does not get it back.</summary>
    public static string Shorten(string text)
    {
        var shown = text.Length <= ShownMax ? text : string.Concat(text.AsSpan(0, ShownMax - 3), "...");
        return shown.Any(char.IsControl) ? string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c)) : shown;
    }

    /// <summary>The nearest of the known words when it is near enough to be a slip of the pen.</summary>
    public static string? DidYouMean(string text, IEnumerable<string> known) =>
        Nearest(text, known) is { } nearest ? $"did you mean '{nearest}'?" : null;

    /// <summary>A list of what there is, or another mend when there is nothing.</summary>
    public static string OneOf(string before, IReadOnlyCollection<string> known, string whenNone) =>
        known.Count == 0 ? whenNone
        : before + string.Join(", ", known.Take(ListedMax).Select(Shorten))
            + (known.Count > ListedMax ? $" and {known.Count - ListedMax} more" : "");

    /// <summary>A DNS label that looks like the text: Web_Front becomes web-front.</summary>
    internal static string? DnsLabelNear(string text)
    {
        var label = string.Concat(text.Take(63).Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'))
            .Trim('-');
        return label.Length > 0 ? label : null;
    }

    /// <summary>
    /// Slips allowed: one in a short word, two from 5 letters on, three from 10 on; letter case does not count.
    /// </summary>
    public static string? Nearest(string text, IEnumerable<string> known)
    {
        if (text.Length is 0 or > 100)
        {
            return null;
        }
        var limit = text.Length < 5 ? 1 : text.Length < 10 ? 2 : 3;
        string? nearest = null;
        foreach (var word in known)
        {
            if (Math.Abs(word.Length - text.Length) <= limit && Distance(text, word) is var distance && distance <= limit)
            {
                nearest = word;
                limit = distance - 1;
            }
        }
        return nearest;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];
    }

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
