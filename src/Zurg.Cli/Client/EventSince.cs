using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Which events are meant by --since and --limit.</summary>
internal static class EventSince
{
    /// <summary>An id, or a time ago in s, m, h or d.</summary>
    public static (long? Id, DateTimeOffset? From) Parse(string? text, DateTimeOffset now)
    {
        if (text is null)
        {
            return (null, null);
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return (id, null);
        }

        return Ago(text) is { } ago
            ? (null, now - ago)
            : throw new VerbFailedException(
                $"'{text}' is neither an event's id nor a time such as 90s, 10m, 2h, 1d", exitCode: ExitCode.BadUsage);
    }

    /// <summary>Null: the text is no time such as 90s, or it is longer than 100 years ago.</summary>
    public static TimeSpan? Ago(string text) =>
        text.Length > 1
        && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && Unit(text[^1]) is { } unit && count <= AgoMax / unit
            ? count * unit
            : null;

    private static readonly TimeSpan AgoMax = TimeSpan.FromDays(36_500);

    /// <param name="filter">service=, instance= or host= as in the query; empty for all.</param>
    public static async Task<ImmutableArray<EventRecord>> NewestAsync(
        MasterClient master, string filter, long? id, DateTimeOffset? from, int limit, CancellationToken stop)
    {
        var of = filter.Length > 0 ? filter + "&" : "";
        var after = id is { } known ? string.Create(CultureInfo.InvariantCulture, $"&since={known}") : "";
        var query = string.Create(CultureInfo.InvariantCulture, $"{of}limit={limit}{after}{From(from)}");
        return await master.EventsAsync(query, stop);
    }

    /// <summary>As a part of a query; empty for all times.</summary>
    public static string From(DateTimeOffset? from) =>
        from is { } at ? "&from=" + Uri.EscapeDataString(at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)) : "";

    /// <summary>The greatest of the newest: what was heard of last may have happened before.</summary>
    public static async Task<long> LastIdAsync(MasterClient master, CancellationToken stop) =>
        (await master.EventsAsync("limit=100", stop)).Select(e => e.Id).DefaultIfEmpty().Max();

    private static TimeSpan? Unit(char unit) => unit switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        _ => null,
    };
}
