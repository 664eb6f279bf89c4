using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>The master's releases over HTTP. Nothing that it gives is believed before its digest was compared.</summary>
internal sealed class ArtifactSource(HttpMessageInvoker http, Uri master, string tokenFile, TimeProvider time)
{
    private const int NeighboursBytesMax = 64 * 1024;

    /// <summary>A neighbour that is as slow as this is worse than the master.</summary>
    private static readonly TimeSpan NeighbourStallMax = TimeSpan.FromSeconds(3);

    public const int ManifestBytesMax = 16 * 1024 * 1024;

    /// <summary>In bytes, of a delta: 4 GiB.</summary>
    public const long DeltaBytesMax = 4L * 1024 * 1024 * 1024;

    /// <summary>A master that sends nothing for so long is given up; the next attempt goes on from there.</summary>
    public static readonly TimeSpan StallMax = TimeSpan.FromSeconds(30);

    private const int PieceBytes = 128 * 1024;

    /// <summary>This host when it takes part in sharing: its neighbours are asked before the master. Null: it does not.</summary>
    public HostId? SharesAs { get; init; }

    /// <summary>Who else has the release. Nobody when the master does not say: it is asked for the files then.</summary>
    public Neighbours NeighboursOf(ReleaseId release, CancellationToken stop) => SharesAs is not { } host
        ? Neighbours.None
        : new Neighbours(async () =>
        {
            try
            {
                using var json = new MemoryStream();
                var path = $"v1/releases/{release.Name}/{release.Version}/neighbours?host={host}";
                await AppendAsync(master, path, json, NeighboursBytesMax, StallMax, stop);
                json.Position = 0;
                return JsonSerializer.Deserialize(json, WireJson.Default.ImmutableArrayNeighbour);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or InvalidDataException)
            {
                return [];
            }
        });

    /// <summary>The manifest's bytes.</summary>
    /// <exception cref="InvalidDataException">They have another digest.</exception>
    /// <exception cref="HttpRequestException">The master did not give them.</exception>
    public async Task<byte[]> ManifestAsync(ReleaseId release, Digest digest, CancellationToken stop)
    {
        using var bytes = new MemoryStream();
        var path = $"v1/releases/{release.Name}/{release.Version}/manifest";
        await AppendAsync(master, path, bytes, ManifestBytesMax, StallMax, stop);
        var found = Digest.Of(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        return found == digest
            ? bytes.ToArray()
            : throw new InvalidDataException(
                $"the master's manifest of {release} has the digest {found.Short}, the assignment says {digest.Short}");
    }

    /// <summary>Completes an artifact: what <paramref name="to"/> has already is not asked for again.</summary>
    /// <exception cref="InvalidDataException">The bytes are others than the digest says, or more than they should be.</exception>
    /// <exception cref="HttpRequestException">Not all of them came; <paramref name="to"/> has those that did.</exception>
    public async Task FetchAsync(ReleaseFile file, Stream to, Neighbours neighbours, CancellationToken stop)
    {
        while (await neighbours.NextAsync() is { } neighbour)
        {
            if (await TryFetchAsync(neighbour.Url, file, to, stop))
            {
                return;
            }

            neighbours.Leave(neighbour);
        }

        if (to.Length > file.Size)
        {
            to.SetLength(0);
        }

        var had = to.Length;
        await AppendAsync(master, $"v1/artifacts/{file.Digest}", to, file.Size, StallMax, stop);
        var found = await DigestOfAsync(to, stop);
        if (found != file.Digest && had > 0)
        {
            // What an earlier attempt left may be what was wrong.
            to.SetLength(0);
            await AppendAsync(master, $"v1/artifacts/{file.Digest}", to, file.Size, StallMax, stop);
            found = await DigestOfAsync(to, stop);
        }

        if (found != file.Digest)
        {
            to.SetLength(0);
            throw new InvalidDataException(
                $"the master's bytes of {file.Path} have the digest {found.Short}, the manifest says {file.Digest!.Value.Short}");
        }
    }

    /// <summary>Completes a delta, likewise; whether its bytes are right is for whoever uses it to find out.</summary>
    /// <param name="from">Of the manifest of the release that is here.</param>
    /// <param name="bytesMax">It is given up, and what came of it dropped, when there are more.</param>
    public Task DeltaAsync(ReleaseId release, Digest from, Stream to, long bytesMax, CancellationToken stop) =>
        AppendAsync(
            master, $"v1/releases/{release.Name}/{release.Version}/delta?base={from}", to, Math.Min(bytesMax, DeltaBytesMax),
            StallMax, stop);

    /// <summary>What of a file came is kept: whoever is asked next goes on from there, and the whole is hashed.</summary>
    private async Task<bool> TryFetchAsync(Uri neighbour, ReleaseFile file, Stream to, CancellationToken stop)
    {
        try
        {
            await AppendAsync(neighbour, $"v1/artifacts/{file.Digest}", to, file.Size, NeighbourStallMax, stop);
            if (await DigestOfAsync(to, stop) == file.Digest)
            {
                return true;
            }

            to.SetLength(0);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException)
        {
            // Why is of no use to anybody: the next one is asked.
        }

        return false;
    }

    private static async Task<Digest> DigestOfAsync(Stream bytes, CancellationToken stop)
    {
        bytes.Position = 0;
        return new Digest(Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, stop)));
    }

    private async Task AppendAsync(
        Uri from, string path, Stream to, long bytesMax, TimeSpan stall, CancellationToken stop)
    {
        using var stalled = new CancellationTokenSource(stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stalled.Token, stop);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(from, path));
            var token = await AgentToken.ReadAsync(tokenFile, stop);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Range = to.Length > 0 ? new RangeHeaderValue(to.Length, null) : null;
            using var response = await http.SendAsync(request, either.Token);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && to.Length > 0)
            {
                return;
            }

            Check(response, path);
            if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != to.Length)
            {
                to.SetLength(0);
            }

            to.Position = to.Length;
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            var piece = new byte[PieceBytes];
            while (await body.ReadAsync(piece, either.Token) is var read and > 0)
            {
                if (to.Position + read > bytesMax)
                {
                    to.SetLength(0);
                    throw new InvalidDataException($"the master's answer to {path} has more than {bytesMax} bytes");
                }

                await to.WriteAsync(piece.AsMemory(0, read), stop);
                stalled.CancelAfter(stall);
            }

            await to.FlushAsync(stop);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new HttpRequestException($"{from} sent nothing of {path} for {stall.TotalSeconds} s", e);
        }
        catch (Exception e) when (e is HttpRequestException { StatusCode: null } or HttpIOException)
        {
            throw new HttpRequestException($"{from.Authority} did not give it: {WhyOf(e)}", e);
        }
    }

    /// <summary>What .NET says first is that an error occurred; which one stands behind it.</summary>
    private static string WhyOf(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded }
            or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }
            ? "the connection broke off"
            : e.GetBaseException().Message;

    private static void Check(HttpResponseMessage response, string path)
    {
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
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
