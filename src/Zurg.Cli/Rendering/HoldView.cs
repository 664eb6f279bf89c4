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

    /// <summary>One hold in a line, without its mend.</summary>
    public static string Text(Hold hold) => $"{Subject(hold)}{Measures.Word(hold.Reason)}  {hold.Text}";

    private static IEnumerable<Block> Lines(Hold hold)
    {
        yield return Block.Line.Of(
            "  ", new Span(Subject(hold), Tone.Strong), new Span(Measures.Word(hold.Reason), Tone.Warn), $"  {hold.Text}");
        if (hold.Mend is { } mend)
        {
            yield return Block.Line.Of($"    → {mend}");
        }
    }

    private static string Subject(Hold hold)
    {
        var subject = hold.Instance?.Value ?? hold.Service?.Value;
        return (subject, hold.Host) switch
        {
            ({ } s, { } h) => $"{s} on {h}: ",
            ({ } s, null) => $"{s}: ",
            (null, { } h) => $"{h}: ",
            _ => "",
        };
    }
}
