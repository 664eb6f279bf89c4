using System.Net;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <param name="Sent">Bytes of the files that the master lacked.</param>
internal sealed record PushedRelease(ReleaseRecord Record, long Sent);

/// <summary>Offers a manifest, uploads what the master lacks, offers it again.</summary>
internal static class ReleasePusher
{
    /// <summary>Uploads at a time: enough to keep a connection busy while another one's bytes are synced.</summary>
    private const int UploadsMax = 4;

    public static async Task<PushedRelease> PushAsync(
        MasterClient master, ReleaseFolder folder, string author, Screen screen, CancellationToken stop)
    {
        var answer = await master.PushAsync(folder.Manifest, author, stop);
        if (answer.Release is { } known)
        {
            return new PushedRelease(known, 0);
        }

        var sizes = folder.Manifest.Files.Where(f => f.Digest is not null).ToLookup(f => f.Digest!.Value, f => f.Size);
        var total = answer.Missing.Sum(d => sizes[d].First());
        var sent = 0L;
        await Parallel.ForEachAsync(
            answer.Missing,
            new ParallelOptions { MaxDegreeOfParallelism = UploadsMax, CancellationToken = stop },
            async (digest, ending) =>
            {
                await UploadAsync(master, folder, digest, ending);
                var done = Interlocked.Add(ref sent, sizes[digest].First());
                screen.Progress($"pushing {folder.Manifest.Release}: {Measures.Size(done)} of {Measures.Size(total)}");
            });
        screen.Progress("");
        answer = await master.PushAsync(folder.Manifest, author, stop);
        return answer.Release is { } record
            ? new PushedRelease(record, sent)
            : throw new VerbFailedException(
                $"the master still lacks {Measures.Count(answer.Missing.Length, "file")} of {folder.Manifest.Release}",
                "push it again");
    }

    private static async Task UploadAsync(MasterClient master, ReleaseFolder folder, Digest digest, CancellationToken stop)
    {
        var path = folder.Paths[digest];
        try
        {
            await using var bytes = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
            await master.UploadAsync(digest, bytes, stop);
        }
        catch (VerbFailedException e) when (e.HttpStatus == (int)HttpStatusCode.BadRequest)
        {
            throw new VerbFailedException($"{path} changed while it was pushed", "push again when the directory is complete");
        }
        catch (IOException e)
        {
            throw new VerbFailedException($"{path} cannot be read: {e.Message}");
        }
    }
}
