using System.Globalization;

namespace Zurg.Master.Api;

/// <summary>
/// What a person gave with a request, as it is kept and shown to others: cut to a length that fits a line of a history, without
/// what would move a terminal's cursor or turn its letters round.
/// </summary>
internal static class ShownWords
{
    private const int AuthorCharsMax = 100;
    private const int WhyCharsMax = 200;

    public static string Author(string? author) => Of(author, AuthorCharsMax) ?? "unknown";

    /// <summary>A reason; null when none was given.</summary>
    public static string? Why(string? why) => Of(why, WhyCharsMax);

    private static string? Of(string? text, int charsMax) =>
        string.Concat((text ?? "").Where(IsShown).Take(charsMax)).Trim() is { Length: > 0 } shown ? shown : null;

    private static bool IsShown(char c) => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
