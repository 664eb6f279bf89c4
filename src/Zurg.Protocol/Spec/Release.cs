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

    /// <summary>Oldest first, at most one of each key; null: not signed.</summary>
    public ImmutableArray<ReleaseSignature>? Signatures { get; init; }
}

/// <summary>Somebody who holds a key vouches for a release: ECDSA P-256 (FIPS 186-5) over the SHA-256 of its manifest.</summary>
/// <param name="Key">The public key: a SubjectPublicKeyInfo (RFC 5480) in base64.</param>
/// <param name="Value">The signature as DER (RFC 3279 section 2.2.3) in base64, as openssl makes and checks them.</param>
public sealed record ReleaseSignature(string Key, string Value, string Author, DateTimeOffset At)
{
    /// <summary>Twelve hex digits by which people tell public keys apart.</summary>
    public static string NameOf(string key) => Digest.Of(Convert.FromBase64String(key)).Short;
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
