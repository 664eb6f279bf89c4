using System.Security.Cryptography;
using Zurg.Cli;
using Zurg.Cli.Client;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class SigningKeyTests : IDisposable
{
    private static readonly Digest Manifest = Digest.Of("manifest"u8);
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_new_key_signs_and_only_its_owner_may_read_it()
    {
        var path = _directory["key.pem"];
        var key = SigningKey.Create(path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        var sign = SigningKey.Sign(path, Manifest);
        Assert.Equal(key, sign.Key);
        Assert.True(ReleaseSigning.Fits(key, sign.Value, Manifest));
    }

    [Fact]
    public void A_key_is_never_replaced()
    {
        var path = _directory["key.pem"];
        File.WriteAllText(path, "dear");
        Assert.Contains("is there already", Assert.Throws<VerbFailedException>(() => SigningKey.Create(path)).Message,
            StringComparison.Ordinal);
        Assert.Equal("dear", File.ReadAllText(path));
    }

    [Fact]
    public void A_key_that_others_may_read_is_refused()
    {
        var path = _directory["key.pem"];
        SigningKey.Create(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var refused = Assert.Throws<VerbFailedException>(() => SigningKey.Sign(path, Manifest));
        Assert.Equal($"chmod 600 {path}", refused.Mend);
    }

    [Fact]
    public void What_is_no_private_key_is_told_as_such()
    {
        using var rsa = RSA.Create(2048);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string[] wrong =
        [
            "", "nonsense", rsa.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem(), new string('x', 100_000),
            key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(
                PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)),
        ];
        foreach (var text in wrong)
        {
            var path = _directory["wrong.pem"];
            File.WriteAllText(path, text);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var refused = Assert.Throws<VerbFailedException>(() => SigningKey.Sign(path, Manifest));
            Assert.Contains("holds no private key", refused.Message, StringComparison.Ordinal);
        }

        var gone = Assert.Throws<VerbFailedException>(() => SigningKey.Sign(_directory["none"], Manifest));
        Assert.Contains("cannot be read", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_openssl_made_is_as_good()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var path = _directory["ec.pem"];
        File.WriteAllText(path, key.ExportECPrivateKeyPem());
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        Assert.True(ReleaseSigning.Fits(
            Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), SigningKey.Sign(path, Manifest).Value, Manifest));
    }
}
