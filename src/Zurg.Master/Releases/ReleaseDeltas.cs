using System.Collections.Concurrent;
using System.Text.Json;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Releases;

/// <summary>
/// What changed between two releases, as bytes that an agent which has the one makes the other of. Both are here, so that no
/// checksum has to travel; made when first asked for and kept for the other hosts, least used first to go.
/// </summary>
internal sealed class ReleaseDeltas : IAsyncDisposable
{
    /// <summary>In bytes, of all that are kept: 4 GiB. One being made, or sent, comes on top.</summary>
    public const long KeptBytesMax = 4L * 1024 * 1024 * 1024;

    private const string Unfinished = ".part";
    private readonly ConcurrentDictionary<(Digest, Digest), Lazy<Task<string?>>> _flights = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ArtifactStore _artifacts;
    private readonly string _directory;
    private readonly long _keptBytesMax;
    private readonly TimeProvider _time;

    /// <param name="keptBytesMax">A smaller limit, for tests.</param>
    public ReleaseDeltas(ArtifactStore artifacts, string directory, TimeProvider time, long keptBytesMax = KeptBytesMax)
    {
        (_artifacts, _directory, _time, _keptBytesMax) = (artifacts, directory, time, keptBytesMax);
        Directory.CreateDirectory(directory);
        foreach (var part in Directory.EnumerateFiles(directory, "*" + Unfinished))
        {
            File.Delete(part);
        }
    }

    /// <summary>Those who ask for the same one at the same time wait for the same work.</summary>
    /// <param name="from">The digest of a manifest.</param>
    /// <param name="to">The digest of another one.</param>
    /// <returns>Open for reading; null when one of the two is no manifest that is here with all of its files.</returns>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public async Task<FileStream?> OpenAsync(Digest from, Digest to, CancellationToken stop)
    {
        var flight = _flights.GetOrAdd((from, to), key => new Lazy<Task<string?>>(() => FlyAsync(key.Item1, key.Item2)));
        return await flight.Value.WaitAsync(stop) is { } path
            ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, useAsync: true)
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await Task.WhenAll(_flights.Values.Select(f => (Task)f.Value)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _turn.Dispose();
    }

    // One at a time: a rollout's first host asks, the others come for the same one; two would fight for memory and cores.
    private async Task<string?> FlyAsync(Digest from, Digest to)
    {
        await Task.Yield();
        await _turn.WaitAsync(_disposed.Token);
        try
        {
            var path = Path.Combine(_directory, $"{from.Value[..32]}-{to.Value[..32]}");
            if (File.Exists(path))
            {
                File.SetLastAccessTimeUtc(path, _time.GetUtcNow().UtcDateTime);
                return path;
            }

            if (ManifestOf(from) is not { } old || ManifestOf(to) is not { } fresh)
            {
                return null;
            }

            try
            {
                var delta = DeltaMaking.Compare(_artifacts, old, fresh, _disposed.Token);
                await DeltaMaking.WriteAsync(_artifacts, fresh, delta, path + Unfinished, _disposed.Token);
                File.Move(path + Unfinished, path, overwrite: true);
            }
            catch (FileNotFoundException)
            {
                return null;
            }
            catch (AggregateException e) when (e.InnerException is IOException fault)
            {
                throw new IOException(fault.Message, fault);
            }
            finally
            {
                File.Delete(path + Unfinished);
            }

            MakeRoom(path);
            return path;
        }
        finally
        {
            _turn.Release();
            _flights.TryRemove((from, to), out _);
        }
    }

    private ManifestBytes? ManifestOf(Digest digest)
    {
        if (_artifacts.SizeOf(digest) is not { } size || size > BlockDelta.JoinedBytesMax)
        {
            return null;
        }

        try
        {
            var bytes = File.ReadAllBytes(_artifacts.PathOf(digest));
            return JsonSerializer.Deserialize(bytes, WireJson.Default.ReleaseManifest) is { } manifest
                ? new ManifestBytes(manifest, bytes)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void MakeRoom(string newest)
    {
        var kept = new DirectoryInfo(_directory).GetFiles().OrderBy(f => f.LastAccessTimeUtc).ToList();
        var bytes = kept.Sum(f => f.Length);
        foreach (var file in kept.Where(f => f.FullName != Path.GetFullPath(newest)))
        {
            if (bytes <= _keptBytesMax)
            {
                return;
            }

            bytes -= file.Length;
            file.Delete();
        }
    }
}

/// <param name="Bytes">Exactly those of its digest.</param>
internal sealed record ManifestBytes(ReleaseManifest Manifest, byte[] Bytes);
