using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A file of the new release whose bytes the base does not have as a whole.</summary>
/// <param name="File">Its place in the new manifest.</param>
/// <param name="Base">The place in the base's manifest of the file that the steps copy from; -1 when all of it is new.</param>
public sealed record FileDelta(int File, int Base, ImmutableArray<DeltaStep> Steps);

/// <summary>
/// How to make one release of another. Written as: <see cref="Magic"/>; the length of the script (4 bytes, little-endian); the
/// script; then the new bytes of the manifest and of each file, in the script's order. All of that is compressed with Brotli.
/// </summary>
/// <param name="Manifest">From the base's manifest, as bytes, to the new one.</param>
/// <param name="Files">In ascending order of <see cref="FileDelta.File"/>; of files with the same bytes the first.</param>
public sealed record ReleaseDelta(ImmutableArray<DeltaStep> Manifest, ImmutableArray<FileDelta> Files)
{
    /// <summary>In bytes, of a script: 64 MiB.</summary>
    public const int ScriptBytesMax = 64 * 1024 * 1024;

    /// <summary>Of all files together: what an agent will keep in memory.</summary>
    public const int StepsMax = 1_000_000;

    /// <summary>In bytes, of one file: what is larger is brought as a whole when it changed.</summary>
    public const long FileBytesMax = 1024 * 1024 * 1024;

    public static ReadOnlySpan<byte> Magic => "zurg delta 1\n"u8;

    /// <summary>
    /// The files whose bytes are not in the base, each with the file there that it is most likely an edit of: the one with its
    /// path, else the first with its name.
    /// </summary>
    public static ImmutableArray<(int File, int Base)> Candidates(ReleaseManifest from, ReleaseManifest to)
    {
        var have = from.Files.Select(f => f.Digest).OfType<Digest>().ToHashSet();
        var paths = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (i, file) in from.Files.Index().Where(f => f.Item.Digest is not null))
        {
            paths.TryAdd(file.Path, i);
            names.TryAdd(NameOf(file.Path), i);
        }

        var found = ImmutableArray.CreateBuilder<(int, int)>();
        foreach (var (i, file) in to.Files.Index())
        {
            if (file.Digest is { } digest && have.Add(digest))
            {
                var like = paths.TryGetValue(file.Path, out var same) || names.TryGetValue(NameOf(file.Path), out same);
                found.Add((i, like ? same : -1));
            }
        }

        return found.ToImmutable();
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
