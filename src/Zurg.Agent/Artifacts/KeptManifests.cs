using System.Text.Json;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>The manifests of the releases that are here: a release can be verified while the master is away.</summary>
internal sealed class KeptManifests(ReleasePaths paths)
{
    /// <summary>Null when none is kept that has this digest.</summary>
    /// <exception cref="InvalidDataException">It is refused.</exception>
    public async Task<ReleaseManifest?> FindAsync(ReleaseId release, Digest digest, CancellationToken stop)
    {
        var path = paths.Manifest(release);
        return File.Exists(path) && await File.ReadAllBytesAsync(path, stop) is var kept && Digest.Of(kept) == digest
            ? Check(release, kept)
            : null;
    }

    /// <summary>Checked before it is believed, then kept.</summary>
    /// <exception cref="InvalidDataException">It is refused.</exception>
    public ReleaseManifest Accept(ReleaseId release, byte[] bytes)
    {
        var manifest = Check(release, bytes);
        Disk.Replace(paths.Manifest(release), bytes);
        return manifest;
    }

    private static ReleaseManifest Check(ReleaseId release, byte[] bytes)
    {
        var manifest = Read(bytes);
        if (manifest.Release != release)
        {
            throw new InvalidDataException($"its manifest is that of {manifest.Release}");
        }

        return ManifestRules.Check(manifest) is [var first, ..]
            ? throw new InvalidDataException($"its manifest is refused: {first.Text}")
            : manifest;
    }

    private static ReleaseManifest Read(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, WireJson.Default.ReleaseManifest)
                ?? throw new InvalidDataException("its manifest is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"its manifest cannot be read: {e.Message}", e);
        }
    }
}
