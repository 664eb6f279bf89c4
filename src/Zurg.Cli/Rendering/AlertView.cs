using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Alerts and who has been told of them.</summary>
internal static class AlertView
{
    public static ImmutableArray<Block> Of(AlertStatus status, DateTimeOffset now) =>
    [
        .. status.Alerts.All(a => a.ResolvedAt is not null) ? [Block.Line.Of(new Span("nothing fires", Tone.Good))] : (Block[])[],
        .. status.Alerts.SelectMany(a => Lines(a, now)),
        .. status.Receivers.IsEmpty
            ? [Block.Line.Of(new Span("nobody is told: cluster.yaml names no receiver (alerts:)", Tone.Warn))]
            : (Block[])[Receivers(status.Receivers, now)],
    ];

    public static ImmutableArray<Block> Of(ImmutableArray<AlertTestResult> results) =>
    [
        new Block.Table(
            ["RECEIVER", "URL", "ANSWER"],
            [
                .. results.Select(r => (ImmutableArray<Span>)
                    [r.Receiver, r.Url, new Span(r.Text, r.Delivered ? Tone.Good : Tone.Bad)]),
            ]),
    ];

    private static IEnumerable<Block> Lines(Alert alert, DateTimeOffset now)
    {
        var state = alert.ResolvedAt is { } at
            ? new Span($"over for {Measures.Age(now - at)}", Tone.Good)
            : new Span($"fires for {Measures.Age(now - alert.FiredAt)}", Tone.Bad);
        yield return Block.Line.Of(
            state, "  ", new Span(Measures.Word(alert.Kind), Tone.Strong), $"  {alert.Text}",
            new Span($"  (since {Measures.Moment(alert.Since)})", Tone.Faint));
        if (alert is { Mend: { } mend, ResolvedAt: null })
        {
            yield return Block.Line.Of($"    → {mend}");
        }
    }

    private static Block.Table Receivers(ImmutableArray<ReceiverStatus> receivers, DateTimeOffset now) => new(
        ["RECEIVER", "URL", "WAITING", "DELIVERED", "LAST TRY"],
        [
            .. receivers.Select(r => (ImmutableArray<Span>)
            [
                r.Id,
                r.Url,
                r.Waiting.ToString(CultureInfo.InvariantCulture),
                r.DeliveredAt is { } at ? $"{Measures.Age(now - at)} ago" : "-",
                r.Failure is { } failure
                    ? new Span(failure + (r.NextTry is { } next ? $", again in {Measures.Age(next - now)}" : ""), Tone.Bad)
                    : r.DeliveredAt is null ? "-" : new Span("ok", Tone.Good),
            ]),
        ]);
}
