using System.Collections.Immutable;
using System.Security.Cryptography;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Releases;

public sealed class ReleaseSigningTests : IDisposable
{
    private static readonly ReleaseId Web = ReleaseId.Parse("web@1");
    private static readonly Digest Manifest = Digest.Of("manifest"u8);
    private readonly SigningKeys _ann = new();
    private readonly SigningKeys _bob = new();

    public void Dispose()
    {
        _ann.Dispose();
        _bob.Dispose();
    }

    [Fact]
    public void Any_key_of_the_cluster_is_enough()
    {
        Assert.Null(Problem(("ann", _ann), [_ann.Signature(Manifest)]));
        Assert.Null(ReleaseSigning.Problem(
            Web, Manifest, Keys(("old", _bob), ("new", _ann)), [_bob.Signature(Manifest), _ann.Signature(Manifest)]));
        Assert.Null(ReleaseSigning.Problem(Web, Manifest, Keys(("old", _bob), ("new", _ann)), [_ann.Signature(Manifest)]));
    }

    [Fact]
    public void A_release_without_a_signature_is_refused_and_told_how_to_get_one()
    {
        var (text, mend) = Problem(("ann", _ann), [])!.Value;
        Assert.Equal("the release web@1 is not signed", text);
        Assert.Equal("sign it with a key of ann: zurg release sign web 1 --key FILE", mend);
    }

    [Fact]
    public void A_signature_by_another_key_is_refused_by_name()
    {
        var (text, _) = Problem(("ann", _ann), [_bob.Signature(Manifest, "bob")])!.Value;
        Assert.Equal(
            $"the release web@1 is signed by bob with {ReleaseSignature.NameOf(_bob.Public)}, "
            + $"which is none of the keys ann {ReleaseSignature.NameOf(_ann.Public)}", text);
    }

    [Fact]
    public void A_signature_of_another_manifest_is_refused()
    {
        var (text, _) = Problem(("ann", _ann), [_ann.Signature(Digest.Of("other"u8))])!.Value;
        Assert.Contains("by ann does not fit its manifest " + Manifest.Short, text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_signature_that_was_changed_or_is_none_fits()
    {
        var sign = _ann.Sign(Manifest);
        Assert.True(ReleaseSigning.Fits(_ann.Public, sign.Value, Manifest));
        Assert.False(ReleaseSigning.Fits(_bob.Public, sign.Value, Manifest));
        var bytes = Convert.FromBase64String(sign.Value);
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            Assert.False(ReleaseSigning.Fits(_ann.Public, Convert.ToBase64String(changed), Manifest), $"byte {i}");
        }

        Assert.All(["", "?", "AAAA", sign.Key], v => Assert.False(ReleaseSigning.Fits(_ann.Public, v, Manifest)));
        Assert.All(["", "?", "AAAA", sign.Value], k => Assert.False(ReleaseSigning.Fits(k, sign.Value, Manifest)));
    }

    [Fact]
    public void A_key_is_read_as_PEM_or_as_base64_and_nothing_else_is_one()
    {
        Assert.True(ReleaseSigning.TryReadKey(_ann.Pem, out var pem));
        Assert.Equal(_ann.Public, pem);
        Assert.True(ReleaseSigning.TryReadKey(_ann.Public + "\n", out var bare));
        Assert.Equal(_ann.Public, bare);

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        string[] wrong =
        [
            "", "x", "AAAA", _ann.Public[..^8], _ann.Public + "AAAA", other.ExportSubjectPublicKeyInfoPem(),
            rsa.ExportSubjectPublicKeyInfoPem(), rsa.ExportPkcs8PrivateKeyPem(), new string('A', 10_000),
        ];
        Assert.All(wrong, w => Assert.False(ReleaseSigning.TryReadKey(w, out _)));
    }

    private static (string Text, string Mend)? Problem(
        (string, SigningKeys) key, ImmutableArray<ReleaseSignature> signatures) =>
        ReleaseSigning.Problem(Web, Manifest, Keys(key), signatures);

    private static ImmutableSortedDictionary<string, string> Keys(params (string Name, SigningKeys Key)[] keys) =>
        keys.ToImmutableSortedDictionary(k => k.Name, k => k.Key.Public, StringComparer.Ordinal);
}
