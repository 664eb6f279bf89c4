using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>The versions of generated files, and what differs between two.</summary>
internal static class ConfigView
{
    public static ImmutableArray<Block> Versions(ImmutableArray<ConfigVersion> versions, DateTimeOffset now) => versions.IsEmpty
        ? [Block.Line.Of("no file was generated here yet")]
        :
        [
            new Block.Table(
                ["VERSION", "INSTANCE", "FILE", "MADE", "AGO", "BYTES", "WHY"],
                [
                    .. versions.Select(v => (ImmutableArray<Span>)
                    [
                        new Span(v.Number.ToString(CultureInfo.InvariantCulture), Tone.Strong), v.Instance.Value, v.File,
                        Measures.Moment(v.At), Measures.Age(now - v.At), v.Bytes.ToString(CultureInfo.InvariantCulture),
                        new Span(v.Why, v.ByHand ? Tone.Warn : Tone.Plain),
                    ]),
                ]),
        ];

    public static string NameOf(ConfigVersion version) => string.Create(
        CultureInfo.InvariantCulture,
        $"{version.Instance}/{version.File}\tversion {version.Number} of {Measures.Moment(version.At)}");

    public static ImmutableArray<Block> Diff(ImmutableArray<string> lines) =>
    [
        .. lines.Select((line, i) => Block.Line.Of(new Span(line, i < 2 ? Tone.Strong
            : line.StartsWith("@@", StringComparison.Ordinal) ? Tone.Faint
            : line.StartsWith('+') ? Tone.Good
            : line.StartsWith('-') ? Tone.Bad
            : Tone.Plain))),
    ];
}
