using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Which lines are asked for.</summary>
/// <param name="Lines">The last so many of each instance; null: all.</param>
/// <param name="Since">Read by the agent then or later.</param>
/// <param name="Grep">Only lines with this text in them.</param>
internal sealed record LogQuery(int? Lines, DateTimeOffset? Since, string? Grep)
{
    public bool Wants(LogLine line) => Grep is null || line.Text.Contains(Grep, StringComparison.Ordinal);

    /// <summary>A time ago in s, m, h or d, or a time such as 2026-01-31T12:00 (local) or 2026-01-31T12:00Z.</summary>
    public static DateTimeOffset? ParseSince(string? text, DateTimeOffset now) =>
        text is null ? null
        : EventSince.Ago(text) is { } ago ? now - ago
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time
        : throw new VerbFailedException(
            $"'{text}' is no time", "write how long ago, as 90s, 10m, 2h or 1d, or a time such as 2026-01-31T12:00",
            ExitCode.BadUsage);
}

/// <param name="Problem">Why there is nothing, in plain language.</param>
/// <param name="Lines">The last one may be unfinished, unless it is kept back for what follows.</param>
/// <param name="Rest">What goes on from there.</param>
internal sealed record LogTail(ImmutableArray<LogLine> Lines, string? Problem, LogLines Rest);

/// <summary>Reads logs piece by piece.</summary>
internal static class LogReader
{
    /// <summary>The most that a master sends at once.</summary>
    public const int ChunkBytes = 256 * 1024;

    /// <summary>How far back a tail looks for its lines; more must be asked for with --tail all.</summary>
    private const long TailBytesMax = 16 * 1024 * 1024;

    /// <param name="follows">The last line is kept back until it is whole.</param>
    public static async Task<LogTail> TailAsync(
        MasterClient master, InstanceId instance, LogQuery query, bool follows, CancellationToken stop)
    {
        if (query is { Lines: null } or { Since: not null } or { Grep: not null })
        {
            return await ReadAsync(master, instance, 0, query, follows, stop);
        }

        var before = 0L;
        for (long back = 64 * 1024; ; back *= 4)
        {
            var tail = await ReadAsync(master, instance, -back, query with { Lines = query.Lines + 1 }, follows, stop);

            // A log begins at 0, or where the oldest line is that is still kept.
            var begins = tail.Rest.From == before || tail.Rest.From is 0 or null;
            if (tail.Problem is not null || tail.Lines.Length > query.Lines || back >= TailBytesMax || begins)
            {
                // The first line of a piece from the middle is rarely whole.
                var partial = !begins && tail.Lines.Length <= query.Lines && !tail.Lines.IsEmpty;
                return tail with { Lines = [.. tail.Lines.Skip(partial ? 1 : 0).TakeLast(query.Lines!.Value)] };
            }

            before = tail.Rest.From!.Value;
        }
    }

    private static async Task<LogTail> ReadAsync(
        MasterClient master, InstanceId instance, long offset, LogQuery query, bool follows, CancellationToken stop)
    {
        var lines = new LogLines(instance);
        var kept = new Queue<LogLine>();
        while (true)
        {
            var chunk = await master.LogAsync(instance, offset, ChunkBytes, TimeSpan.Zero, query.Since, stop);
            foreach (var line in lines.Take(chunk))
            {
                Keep(line);
            }

            offset = chunk.Next;
            if (chunk.Problem is not null || chunk.Text.Length == 0)
            {
                if (!follows && lines.Unfinished is { } last)
                {
                    Keep(last);
                }

                return new LogTail([.. kept], chunk.Problem, lines);
            }
        }

        void Keep(LogLine line)
        {
            if (query.Wants(line))
            {
                kept.Enqueue(line);
                if (kept.Count > query.Lines)
                {
                    kept.Dequeue();
                }
            }
        }
    }
}
