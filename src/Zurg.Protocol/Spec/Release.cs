using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>A pushed release as the store knows it. The manifest itself is an artifact under <see cref="Manifest"/>.</summary>
public sealed record ReleaseRecord
{
    public required ReleaseId Release { get; init; }

    /// <summary>Of the manifest's bytes; the manifest holds the digest of every file, so this one vouches for all.</summary>
    public required Digest Manifest { get; init; }

    public required int Files { get; init; }

    public required long Bytes { get; init; }

    public required string Author { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>Every file of a release, ordered by path.</summary>
public sealed record ReleaseManifest
{
    public required ReleaseId Release { get; init; }

    public ImmutableArray<ReleaseFile> Files { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Path">Relative, '/' between parts, no '..' and no empty part.</param>
/// <param name="Mode">Permission bits; only the executable ones are kept (0555 or 0444 once laid out).</param>
/// <param name="Digest">Of the bytes; null for a symbolic link.</param>
/// <param name="Link">A relative target inside the release, for a symbolic link.</param>
public sealed record ReleaseFile(string Path, int Mode, long Size, Digest? Digest = null, string? Link = null);
