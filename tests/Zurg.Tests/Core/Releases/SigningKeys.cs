using System.Security.Cryptography;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Releases;

/// <summary>A key pair, and signatures of it.</summary>
internal sealed class SigningKeys : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Public => Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo());

    public string Pem => _key.ExportSubjectPublicKeyInfoPem();

    public ReleaseSign Sign(Digest manifest)
    {
        var bytes = _key.SignHash(Convert.FromHexString(manifest.Value), DSASignatureFormat.Rfc3279DerSequence);
        return new ReleaseSign(Public, Convert.ToBase64String(bytes));
    }

    public ReleaseSignature Signature(Digest manifest, string author = "ann") =>
        new(Public, Sign(manifest).Value, author, DateTimeOffset.UnixEpoch);

    public void Dispose() => _key.Dispose();
}
