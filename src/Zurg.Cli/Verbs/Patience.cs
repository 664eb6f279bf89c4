using Zurg.Cli.Client;

namespace Zurg.Cli.Verbs;

/// <summary>How long a verb waits for what it has asked for: the text of --timeout.</summary>
internal static class Patience
{
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(5);

    /// <summary>A timer takes no more than 49.7 days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <exception cref="VerbFailedException">It is no time, or longer than 30 days.</exception>
    public static TimeSpan Of(string? text) => text is null ? Usual
        : EventSince.Ago(text) is { } time && time <= Longest ? time
        : throw new VerbFailedException($"'{text}' is no time such as 90s or 5m, of at most 30d", exitCode: ExitCode.BadUsage);
}
