using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Starts with their ends as a table, then everything that happened, one a line.</summary>
internal static class HistoryView
{
    public static ImmutableArray<Block> Of(History history, DateTimeOffset now) =>
    [
        .. history.Starts.IsEmpty ? [] : (Block[])[Starts(history.Starts, now), Block.Line.Of("")],
        .. history.Events.Select(e => new Block.Line(EventView.Of(e))),
    ];

    private static Block.Table Starts(ImmutableArray<StartRecord> starts, DateTimeOffset now) => new(
        ["STARTED", "INSTANCE", "HOST", "RELEASE", "RAN", "ENDED", "PEAK MEMORY", "CPU", "WHY STARTED"],
        [
            .. starts.Select(s => (ImmutableArray<Span>)
            [
                new Span(s.StartedAt.ToLocalTime().ToString("MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), Tone.Faint),
                s.Instance.Value,
                s.Host.Value,
                s.Release?.Version.Value ?? "-",
                Measures.Age(s.Exit?.Ran ?? now - s.StartedAt),
                s.Exit is { } exit ? new Span(exit.Reason, exit.Asked ? Tone.Plain : Tone.Bad) : new Span("-", Tone.Good),
                s.Exit?.PeakMemory is { } peak ? Measures.Size(peak) : "-",
                s.Exit?.CpuTime is { } cpu ? Measures.Age(cpu) : "-",
                s.StartReason ?? "-",
            ]),
        ]);
}
