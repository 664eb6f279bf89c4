using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>A private key of ECDSA P-256 in a file of its own, as PEM: openssl reads and makes the same.</summary>
internal static class SigningKey
{
    private const int BytesMax = 64 * 1024;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite;

    /// <returns>The public key in base64.</returns>
    /// <exception cref="VerbFailedException">There is such a file, or it cannot be written.</exception>
    public static string Create(string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using var file = new FileStream(path, options);
            file.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
            file.Flush(flushToDisk: true);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new VerbFailedException($"{path} is there already, and a key is never replaced", "name another file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailedException($"{path} cannot be written: {e.Message}");
        }

        return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Of the bytes that the master keeps of a manifest.</summary>
    public static Digest DigestOf(ReleaseManifest manifest) =>
        Digest.Of(JsonSerializer.SerializeToUtf8Bytes(manifest, WireJson.Default.ReleaseManifest));

    /// <exception cref="VerbFailedException">It is no such key, or others may read it.</exception>
    public static ReleaseSign Sign(string path, Digest manifest)
    {
        using var key = Read(path);
        var signature = key.SignHash(Convert.FromHexString(manifest.Value), DSASignatureFormat.Rfc3279DerSequence);
        return new ReleaseSign(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), Convert.ToBase64String(signature));
    }

    private static ECDsa Read(string path)
    {
        var key = ECDsa.Create();
        try
        {
            if (new FileInfo(path).Length > BytesMax)
            {
                throw new CryptographicException("too long");
            }

            if ((File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
            {
                throw new VerbFailedException($"{path} may be read or written by others: a key must not", $"chmod 600 {path}");
            }

            key.ImportFromPem(File.ReadAllText(path));
            var read = key.ExportParameters(includePrivateParameters: true);
            if (read.D is not null && read.Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                return key;
            }
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            // Said below: what it is instead is of no use to anybody.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw new VerbFailedException($"{path} cannot be read: {e.Message}", "zurg release keygen FILE makes a key");
        }
        catch (VerbFailedException)
        {
            key.Dispose();
            throw;
        }

        key.Dispose();
        throw new VerbFailedException(
            $"{path} holds no private key of ECDSA P-256 as PEM without a passphrase", "zurg release keygen FILE makes one");
    }
}
