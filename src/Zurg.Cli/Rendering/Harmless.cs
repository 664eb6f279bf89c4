using System.Buffers;

namespace Zurg.Cli.Rendering;

/// <summary>Text that a terminal only shows. Other people's words are never its commands.</summary>
internal static class Harmless
{
    private const char Mark = '\uFFFD';

    // C0 and C1 controls with DEL, line and paragraph separators, and what turns the direction of text (UAX #9).
    private static readonly SearchValues<char> Commands = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Where(c => c != '\t').Select(c => (char)c),
        '\u061C', '\u200E', '\u200F', '\u2028', '\u2029', '\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067',
        '\u2068', '\u2069',
    ]);

    /// <summary>Newlines are blanks: a sentence is one line. Tabs stay: a diff is to be what it is of.</summary>
    public static string Of(string text) => text.AsSpan().IndexOfAny(Commands) < 0
        ? text
        : string.Concat(text.Select(c => c is '\n' ? ' ' : Commands.Contains(c) ? Mark : c));
}
