using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// Asks the master for what changed since the newest release of the same name that is here. Nothing depends on it: whatever is
/// wrong with the answer, whole files are fetched instead.
/// </summary>
internal sealed partial class DeltaFetch(ReleasePaths paths, ArtifactSource source, ILogger logger)
{
    /// <param name="staging">A directory, of this release and manifest alone; an interrupted answer is continued there.</param>
    /// <returns>Null when there is nothing to start from, or no use in it.</returns>
    /// <exception cref="HttpRequestException">The master is away.</exception>
    public async Task<StagedDelta?> TryAsync(ReleaseId release, Digest manifest, string staging, CancellationToken stop)
    {
        if (BaseOf(release) is not { } from)
        {
            return null;
        }

        Directory.CreateDirectory(staging);
        var packed = Path.Combine(staging, $"delta-{Digest.Of(from.Bytes).Short}");
        try
        {
            await using (var to = new FileStream(packed, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            {
                await source.DeltaAsync(release, Digest.Of(from.Bytes), to, DiskRoom.For(staging) + to.Length, stop);
            }

            return StagedDelta.Open(packed, Path.Combine(staging, "literals"), from, manifest, DiskRoom.For(staging));
        }
        catch (HttpRequestException e) when (e.StatusCode is not null)
        {
            Log.NotGiven(logger, release, e.Message);
        }
        catch (InvalidDataException e)
        {
            Log.Refused(logger, release, e.Message);
        }

        File.Delete(packed);
        return null;
    }

    private (ReleaseManifest Manifest, byte[] Bytes, string Tree)? BaseOf(ReleaseId release)
    {
        foreach (var other in paths.Complete().Where(r => r.Name == release.Name && r != release))
        {
            if (ReleaseMark.Read(paths.Mark(other)) is { } mark && File.Exists(paths.Manifest(other))
                && File.ReadAllBytes(paths.Manifest(other)) is var bytes && Digest.Of(bytes) == mark.Manifest
                && bytes.Length <= BlockDelta.JoinedBytesMax && HostFiles.ManifestOf(paths, other) is { } manifest)
            {
                return (manifest, bytes, paths.Tree(other));
            }
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(3111, LogLevel.Information, "What changed in {Release} is not to be had ({Problem}); fetching its files")]
        public static partial void NotGiven(ILogger logger, ReleaseId release, string problem);

        [LoggerMessage(3112, LogLevel.Warning,
            "What the master says changed in {Release} is wrong ({Problem}); fetching its files")]
        public static partial void Refused(ILogger logger, ReleaseId release, string problem);
    }
}
