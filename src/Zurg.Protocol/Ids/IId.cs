namespace Zurg.Protocol;

/// <summary>
/// An id that people type: text of a fixed shape, compared ordinally, JSON string and JSON property name alike.
/// </summary>
public interface IId<TSelf> : IParsable<TSelf>, IComparable<TSelf> where TSelf : struct, IId<TSelf>
{
    string Value { get; }

    /// <summary>Wraps text that is known to be valid; no check.</summary>
    static abstract TSelf Wrap(string value);

    /// <summary>What is wrong with the text as this kind of id, in plain language; null when nothing is.</summary>
    static abstract string? ProblemOf(string value);
}

/// <summary>
/// Parsing shared by every id, so that routes, CLI arguments, JSON and YAML refuse the same text with the same words.
/// </summary>
public static class Id
{
    /// <exception cref="FormatException">The text is not a valid id; the message says why.</exception>
    public static T Parse<T>(string text) where T : struct, IId<T> =>
        T.ProblemOf(text) is { } problem ? throw new FormatException(problem) : T.Wrap(text);

    public static bool TryParse<T>(string? text, out T id) where T : struct, IId<T>
    {
        var valid = text is not null && T.ProblemOf(text) is null;
        id = valid ? T.Wrap(text!) : default;
        return valid;
    }

    /// <summary>
    /// A DNS label (RFC 1035 section 2.3.1, digits first allowed by RFC 1123 section 2.1): names become host names one day.
    /// </summary>
    public static string? DnsLabelProblem(string kind, string text)
    {
        const string shape = "1 to 63 of a-z, 0-9 and '-', with a letter or digit first and last";
        var valid = text.Length is >= 1 and <= 63
            && text[0] != '-' && text[^1] != '-'
            && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
        return valid ? null : $"'{Shorten(text)}' is no {kind}: it must be {shape}";
    }

    internal static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
}
