using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Specs, their history and their differences.</summary>
internal static class SpecView
{
    public static ImmutableArray<Block> Changes(ApplyResult result) =>
        result.Changes.IsEmpty
            ? [Block.Line.Of("nothing would change")]
            :
            [
                .. result.Changes.SelectMany(Lines),
                .. result.Warnings.Select(w => Block.Line.Of(new Span($"  ! {w}", Tone.Warn))),
                Touched(result),
            ];

    private static IEnumerable<Block> Lines(SpecChange change)
    {
        var touches = change.Touches.IsDefaultOrEmpty ? "" : $"   touches {string.Join(", ", change.Touches)}";
        yield return change switch
        {
            { Before: null } => Block.Line.Of(
                new Span("  + ", Tone.Good), $"{change.Path}: ", new Span(change.After ?? "", Tone.Good),
                new Span(touches, Tone.Faint)),
            { After: null } => Block.Line.Of(
                new Span("  - ", Tone.Bad), $"{change.Path}: ", new Span(change.Before, Tone.Bad), new Span(touches, Tone.Faint)),
            _ => Block.Line.Of(
                new Span("  ~ ", Tone.Warn), $"{change.Path}: ",
                new Span(change.Before, Tone.Bad), " → ", new Span(change.After, Tone.Good),
                new Span(touches, Tone.Faint)),
        };
    }

    private static Block.Line Touched(ApplyResult result)
    {
        var instances = result.Changes.SelectMany(c => c.Touches.IsDefault ? [] : c.Touches).Distinct().Count();
        return Block.Line.Of(
            new Span(Measures.Count(result.Changes.Length, "change"), Tone.Strong),
            instances > 0 ? $"; {Measures.Count(instances, "instance")} touched"
            : result.Changes.Any(c => c.Path.StartsWith("settings.", StringComparison.Ordinal))
                ? "; no rollout: generated files that name a setting follow at once, and their then: is done one by one"
            : "; no instance is touched");
    }

    public static ImmutableArray<Block> History(ImmutableArray<SpecSummary> specs, DateTimeOffset now) => specs.IsEmpty
        ? [Block.Line.Of("nothing was applied yet")]
        :
        [
            new Block.Table(
                ["SPEC", "APPLIED", "AGO", "BY", "SERVICES", "NOTE"],
                [
                    .. specs.Select(s => (ImmutableArray<Span>)
                    [
                        new Span(s.Number.ToString(), Tone.Strong), Measures.Moment(s.At), Measures.Age(now - s.At), s.Author,
                        $"{s.Services}", s.RevertOf is { } of ? $"back to {of}" : "-",
                    ]),
                ]),
        ];
}
