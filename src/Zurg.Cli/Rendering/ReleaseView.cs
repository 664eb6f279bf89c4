using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Releases and their files.</summary>
internal static class ReleaseView
{
    public static ImmutableArray<Block> List(ImmutableArray<ReleaseRecord> releases, DateTimeOffset now) => releases.IsEmpty
        ? [Block.Line.Of("no release was pushed yet: zurg release push NAME VERSION DIR")]
        :
        [
            new Block.Table(
                ["RELEASE", "VERSION", "FILES", "SIZE", "PUSHED", "BY", "DIGEST"],
                [
                    .. releases.Select(r => (ImmutableArray<Span>)
                    [
                        new Span(
                            r.Release.Name.Value, Tone.Strong), r.Release.Version.Value, $"{r.Files}", Measures.Size(r.Bytes),
                        $"{Measures.Age(now - r.At)} ago", r.Author, r.Manifest.Short,
                    ]),
                ]),
        ];

    public static ImmutableArray<Block> Of(ReleaseRecord record, ReleaseManifest manifest) =>
    [
        Block.Line.Of(
            new Span(record.Release.Value, Tone.Strong),
            $"  {Measures.Count(record.Files, "file")}, {Measures.Size(record.Bytes)}, ",
            $"pushed {Measures.Moment(record.At)} by {record.Author}"),
        Block.Line.Of($"digest {record.Manifest}"),
        .. (record.Signatures ?? []).Select(s => Block.Line.Of(
            $"signed {Measures.Moment(s.At)} by {s.Author} with the key {ReleaseSignature.NameOf(s.Key)}")),
        new Block.Table(
            ["MODE", "SIZE", "DIGEST", "PATH"],
            [
                .. manifest.Files.Select(f => (ImmutableArray<Span>)
                [
                    Convert.ToString(f.Mode, 8).PadLeft(4, '0'), Measures.Size(f.Size), f.Digest?.Short ?? "-",
                    f.Link is null ? f.Path : $"{f.Path} -> {f.Link}",
                ]),
            ]),
    ];
}
