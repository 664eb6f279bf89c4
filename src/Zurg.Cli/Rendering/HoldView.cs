using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Holds exactly as they were made: the reason, the sentence, what to do.</summary>
internal static class HoldView
{
    public static ImmutableArray<Block> Of(ImmutableArray<Hold> holds) =>
        holds.IsEmpty
            ? []
            : [Block.Line.Of(new Span(Measures.Count(holds.Length, "hold") + ":", Tone.Warn)), .. holds.SelectMany(Lines)];

    private static IEnumerable<Block> Lines(Hold hold)
    {
        var subject = hold.Instance?.Value ?? hold.Service?.Value;
        var where = (subject, hold.Host) switch
        {
            ({ } s, { } h) => $"{s} on {h}: ",
            ({ } s, null) => $"{s}: ",
            (null, { } h) => $"{h}: ",
            _ => "",
        };
        yield return Block.Line.Of(
            "  ", new Span(where, Tone.Strong), new Span(Measures.Word(hold.Reason), Tone.Warn), $"  {hold.Text}");
        if (hold.Mend is { } mend)
        {
            yield return Block.Line.Of($"    → {mend}");
        }
    }
}
