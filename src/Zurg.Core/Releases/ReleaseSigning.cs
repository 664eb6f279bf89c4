using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// ECDSA P-256 over a release's manifest, which holds the digest of every file. Asked by the master before it takes a spec, and
/// by each host before it runs anything.
/// </summary>
public static class ReleaseSigning
{
    public const int KeysMax = 32;

    public const int SignaturesMax = 8;

    private const int KeyTextMax = 4096;
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>From what a person wrote, PEM or base64 alone, to one line of base64; false when it is no key of ours.</summary>
    public static bool TryReadKey(string text, [NotNullWhen(true)] out string? key)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries).Where(l => !l.StartsWith("-----", StringComparison.Ordinal));
        key = string.Concat(lines);
        using var read = text.Length <= KeyTextMax && !text.Contains("PRIVATE", StringComparison.Ordinal) ? Import(key) : null;
        key = read is null ? null : Convert.ToBase64String(read.ExportSubjectPublicKeyInfo());
        return key is not null;
    }

    /// <summary>Whether the signature is one of this manifest by this key.</summary>
    public static bool Fits(string key, string signature, Digest manifest)
    {
        using var read = Import(key);
        try
        {
            return read is not null && read.VerifyHash(
                Convert.FromHexString(manifest.Value), Convert.FromBase64String(signature),
                DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Why the release must not run: what is wrong and what to do. Null when one of the keys vouches for it.</summary>
    public static (string Text, string Mend)? Problem(
        ReleaseId release, Digest manifest, ImmutableSortedDictionary<string, string> keys,
        ImmutableArray<ReleaseSignature> signatures)
    {
        var names = keys.ToLookup(k => k.Value, k => k.Key);
        var known = signatures.Where(s => names.Contains(s.Key)).ToImmutableArray();
        if (known.Any(s => Fits(s.Key, s.Value, manifest)))
        {
            return null;
        }

        var mend = $"sign it with a key of {string.Join(", ", keys.Keys)}: "
            + $"zurg release sign {release.Name} {release.Version} --key FILE";
        if (!known.IsEmpty)
        {
            var wrong = string.Join(", ", known.Select(s => names[s.Key].First()));
            return ($"the signature of the release {release} by {wrong} does not fit its manifest {manifest.Short}", mend);
        }

        return signatures.IsEmpty
            ? ($"the release {release} is not signed", mend)
            : ($"the release {release} is signed by {Named(signatures.Select(s => ($"{s.Author} with", s.Key)))}, "
                + $"which is none of the keys {Named(keys.Select(k => (k.Key, k.Value)))}", mend);
    }

    private static string Named(IEnumerable<(string Who, string Key)> keys) =>
        string.Join(", ", keys.Select(k => $"{k.Who} {ReleaseSignature.NameOf(k.Key)}"));

    /// <summary>Null when it is none.</summary>
    private static ECDsa? Import(string key)
    {
        var read = ECDsa.Create();
        try
        {
            var bytes = Convert.FromBase64String(key);
            read.ImportSubjectPublicKeyInfo(bytes, out var length);
            if (length == bytes.Length && read.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256)
            {
                return read;
            }
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            // Whatever it is, it is no key.
        }

        read.Dispose();
        return null;
    }
}
