using System.Globalization;
using System.Text.RegularExpressions;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Which lines are asked for.</summary>
/// <param name="Lines">The last so many of each instance; null: all.</param>
/// <param name="Since">Read by the agent then or later.</param>
/// <param name="Grep">Only lines that match.</param>
/// <param name="Host">Where the log lies; null: where its instance is now.</param>
internal sealed record LogQuery(int? Lines, DateTimeOffset? Since, Regex? Grep, HostId? Host)
{
    public bool Wants(LogLine line) => Grep is null || Grep.IsMatch(line.Text);

    /// <summary>A time ago in s, m, h or d, or a time such as 2026-01-31T12:00 (local) or 2026-01-31T12:00Z.</summary>
    public static DateTimeOffset? ParseSince(string? text, DateTimeOffset now) =>
        text is null ? null
        : EventSince.Ago(text) is { } ago ? now - ago
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time
        : throw new VerbFailedException(
            $"'{text}' is no time", "write how long ago, as 90s, 10m, 2h or 1d, or a time such as 2026-01-31T12:00",
            ExitCode.BadUsage);

    /// <summary>Without backtracking, so that no line makes a match take long: no lookarounds, no backreferences.</summary>
    public static Regex? ParseGrep(string? text)
    {
        try
        {
            return text is null ? null : new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new VerbFailedException(
                $"'{text}' is no regular expression that can be used here: {e.Message}",
                "put a backslash before characters that mean themselves, such as \\( or \\[", ExitCode.BadUsage);
        }
    }
}
