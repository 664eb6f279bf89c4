using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>The master's releases over HTTP. Nothing that it gives is believed before its digest was compared.</summary>
internal sealed class ArtifactSource(HttpMessageInvoker http, Uri master, string tokenFile, TimeProvider time)
{
    public const int ManifestBytesMax = 16 * 1024 * 1024;

    /// <summary>A master that sends nothing for so long is given up; the next attempt goes on from there.</summary>
    public static readonly TimeSpan StallMax = TimeSpan.FromSeconds(30);

    private const int PieceBytes = 128 * 1024;

    /// <summary>The manifest's bytes.</summary>
    /// <exception cref="InvalidDataException">They have another digest.</exception>
    /// <exception cref="HttpRequestException">The master did not give them.</exception>
    public async Task<byte[]> ManifestAsync(ReleaseId release, Digest digest, CancellationToken stop)
    {
        using var bytes = new MemoryStream();
        var found = await CopyAsync($"v1/releases/{release.Name}/{release.Version}/manifest", bytes, ManifestBytesMax, stop);
        return found == digest
            ? bytes.ToArray()
            : throw new InvalidDataException(
                $"the master's manifest of {release} has the digest {found.Short}, the assignment says {digest.Short}");
    }

    /// <summary>Writes an artifact, durably, hashing it on the way.</summary>
    /// <exception cref="InvalidDataException">The bytes are others than the digest says, or more than they should be.</exception>
    public async Task FetchAsync(ReleaseFile file, Stream to, CancellationToken stop)
    {
        var digest = file.Digest!.Value;
        var found = await CopyAsync($"v1/artifacts/{digest}", to, file.Size, stop);
        if (found != digest)
        {
            throw new InvalidDataException(
                $"the master's bytes of {file.Path} have the digest {found.Short}, the manifest says {digest.Short}");
        }
    }

    private async Task<Digest> CopyAsync(string path, Stream to, long bytesMax, CancellationToken stop)
    {
        using var stalled = new CancellationTokenSource(StallMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stalled.Token, stop);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(master, path));
            var token = await AgentToken.ReadAsync(tokenFile, stop);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await http.SendAsync(request, either.Token);
            Check(response, path);
            await using var from = await response.Content.ReadAsStreamAsync(either.Token);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var piece = new byte[PieceBytes];
            var total = 0L;
            while (await from.ReadAsync(piece, either.Token) is var read and > 0)
            {
                total += read;
                if (total > bytesMax)
                {
                    throw new InvalidDataException($"the master's answer to {path} has more than {bytesMax} bytes");
                }

                hash.AppendData(piece, 0, read);
                await to.WriteAsync(piece.AsMemory(0, read), stop);
                stalled.CancelAfter(StallMax);
            }

            return new Digest(Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new HttpRequestException($"the master sent nothing of {path} for {StallMax.TotalSeconds} s", e);
        }
    }

    private static void Check(HttpResponseMessage response, string path)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException(HttpRequestError.Unknown,
                response.StatusCode switch
                {
                    HttpStatusCode.NotFound => $"the master has no {path}",
                    HttpStatusCode.Unauthorized => "the master does not accept this agent's token",
                    var code => $"the master answered {(int)code} to {path}",
                },
                inner: null, response.StatusCode);
        }
    }
}
