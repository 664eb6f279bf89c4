using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Releases on this host's disk: laid out once, never changed, verified before each use (DESIGN.md promise 3).</summary>
internal sealed partial class ReleaseStore : IReleaseStore, IAsyncDisposable
{
    /// <summary>So many files of one release are fetched at the same time.</summary>
    public const int FetchesMax = 4;

    /// <summary>So much of the disk no release takes, or a share of a small one: for journal, logs and instances.</summary>
    public const long ReserveBytes = 64L * 1024 * 1024;

    private const int ReserveShare = 10;

    private const string StagedTree = "tree";
    private const string StagedParts = "parts";

    private readonly ConcurrentDictionary<(ReleaseId, Digest), Lazy<Task<ReleaseOutcome>>> _flights = new();
    private readonly ConcurrentDictionary<ReleaseId, SemaphoreSlim> _turns = new();
    private readonly ConcurrentDictionary<ReleaseId, VerifiedTree> _verified = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly ArtifactSource _source;
    private readonly ReleasePaths _paths;
    private readonly ILogger _logger;

    public ReleaseStore(ReleasePaths paths, ArtifactSource source, ILogger<ReleaseStore> logger)
    {
        _paths = paths;
        _source = source;
        _logger = logger;
        paths.Create();
    }

    /// <summary>Callers that want the same release at the same time share one fetch; each may stop waiting by itself.</summary>
    public async ValueTask<ReleaseOutcome> EnsureAsync(ReleaseId release, Digest manifest, CancellationToken stop)
    {
        if (_verified.TryGetValue(release, out var verified) && verified.Is(manifest))
        {
            return new ReleaseOutcome.Ready(_paths.Tree(release));
        }

        var flight = _flights.GetOrAdd((release, manifest),
            key => new Lazy<Task<ReleaseOutcome>>(() => FlyAsync(key.Item1, key.Item2)));
        return await flight.Value.WaitAsync(stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await Task.WhenAll(_flights.Values.Select(f => (Task)f.Value)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<ReleaseOutcome> FlyAsync(ReleaseId release, Digest manifest)
    {
        await Task.Yield();

        // Two manifests of one release are two flights (a master was set up anew): the tree is one, so they take turns.
        var turn = _turns.GetOrAdd(release, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(_disposed.Token);
        try
        {
            return new ReleaseOutcome.Ready(await LayOutAsync(release, manifest, _disposed.Token));
        }
        catch (InvalidDataException e)
        {
            Log.Corrupt(_logger, release, e.Message);
            return new ReleaseOutcome.Held(new Hold(HoldReason.ReleaseCorrupt, $"release {release}: {e.Message}",
                $"push it again under a new version: zurg release push {release.Name} NEW_VERSION DIR"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            Log.Unavailable(_logger, release, e.Message);
            return new ReleaseOutcome.Held(new Hold(HoldReason.ReleaseUnavailable,
                $"release {release} cannot be laid out: {e.Message}"));
        }
        finally
        {
            turn.Release();
            _flights.TryRemove((release, manifest), out _);
        }
    }

    private async Task<string> LayOutAsync(ReleaseId release, Digest digest, CancellationToken stop)
    {
        var manifest = await ManifestAsync(release, digest, stop);
        var tree = new ReleaseTree(_paths, manifest, digest);
        if (tree.Exists)
        {
            if (tree.IsUntouched())
            {
                _verified[release] = new VerifiedTree(tree, digest);
                return _paths.Tree(release);
            }

            if (await tree.ProblemAsync(stop) is not { } problem)
            {
                tree.Seal();
                _verified[release] = new VerifiedTree(tree, digest);
                return _paths.Tree(release);
            }

            Log.SetAside(_logger, release, problem, tree.SetAside());
        }

        var staging = _paths.Staging(release, digest);
        DemandSpace(manifest, staging);
        await StageAsync(manifest, staging, stop);
        tree.TakeOver(Path.Combine(staging, StagedTree));
        tree.Seal();
        _verified[release] = new VerifiedTree(tree, digest);
        Directory.Delete(staging, recursive: true);
        Log.LaidOut(_logger, release, manifest.Files.Length);
        return _paths.Tree(release);
    }

    /// <summary>
    /// A release that does not fit must not fill the disk: the journal is on it too, and without that no instance is restarted.
    /// </summary>
    private void DemandSpace(ReleaseManifest manifest, string staging)
    {
        var disk = new DriveInfo(_paths.Root);
        var reserve = Math.Min(ReserveBytes, disk.TotalSize / ReserveShare);
        var needed = manifest.Files.Sum(f => f.Size) - SizeOf(staging);
        if (disk.AvailableFreeSpace - reserve < needed)
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture,
                $"it needs {needed} bytes more, {_paths.Root} has {disk.AvailableFreeSpace}, of which {reserve} stay free"));
        }
    }

    /// <summary>What an interrupted attempt has brought already.</summary>
    private static long SizeOf(string directory) => !Directory.Exists(directory) ? 0 : new DirectoryInfo(directory)
        .EnumerateFiles("*", SearchOption.AllDirectories).Where(f => f.LinkTarget is null).Sum(f => f.Length);

    /// <summary>The one kept here when its bytes are the right ones, else the master's; checked before it is believed.</summary>
    private async Task<ReleaseManifest> ManifestAsync(ReleaseId release, Digest digest, CancellationToken stop)
    {
        var path = _paths.Manifest(release);
        var kept = File.Exists(path) ? await File.ReadAllBytesAsync(path, stop) : null;
        var bytes = kept is not null && Digest.Of(kept) == digest ? kept : await _source.ManifestAsync(release, digest, stop);
        var manifest = Read(bytes);
        if (manifest.Release != release)
        {
            throw new InvalidDataException($"its manifest is that of {manifest.Release}");
        }

        if (ManifestRules.Check(manifest) is [var first, ..])
        {
            throw new InvalidDataException($"its manifest is refused: {first.Text}");
        }

        if (bytes != kept)
        {
            Disk.WriteAtomically(path, bytes);
        }

        return manifest;
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

    /// <summary>
    /// Brings every file into the staged tree; what an interrupted attempt left there is used when its bytes are right.
    /// </summary>
    private async Task StageAsync(ReleaseManifest manifest, string staging, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.Combine(staging, StagedTree));
        Directory.CreateDirectory(Path.Combine(staging, StagedParts));
        var here = await FilesHereAsync(manifest.Release, stop);
        var options = new ParallelOptions { MaxDegreeOfParallelism = FetchesMax, CancellationToken = stop };
        await Parallel.ForEachAsync(manifest.Files.Index(), options, async (indexed, ended) =>
        {
            var (index, file) = indexed;
            var path = Path.Combine(staging, StagedTree, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (file.Link is { } link)
            {
                File.Delete(path);
                File.CreateSymbolicLink(path, link);
            }
            else if (!await HasDigestAsync(path, file.Digest!.Value, ended))
            {
                var part = Path.Combine(staging, StagedParts, index.ToString(CultureInfo.InvariantCulture));
                await BringAsync(file, part, here, ended);
                File.Move(part, path, overwrite: true);
            }
        });
    }

    private async Task BringAsync(ReleaseFile file, string part, ImmutableSortedDictionary<Digest, string> here,
        CancellationToken stop)
    {
        if (here.TryGetValue(file.Digest!.Value, out var other) && await CopiedAsync(other, part, file.Digest.Value, stop))
        {
            return;
        }

        await using var to = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None);
        await _source.FetchAsync(file, to, stop);
        to.Flush(flushToDisk: true);
    }

    /// <summary>
    /// A copy, not a hard link: a link would change the other file's stamp, and one bad byte would be in two releases.
    /// </summary>
    private static async Task<bool> CopiedAsync(string from, string to, Digest digest, CancellationToken stop)
    {
        File.Copy(from, to, overwrite: true);
        File.SetUnixFileMode(to, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var copy = new FileStream(to, FileMode.Open, FileAccess.ReadWrite, FileShare.Read))
        {
            copy.Flush(flushToDisk: true);
        }

        return await HasDigestAsync(to, digest, stop);
    }

    private static async Task<bool> HasDigestAsync(string path, Digest digest, CancellationToken stop)
    {
        var found = new FileInfo(path);
        if (!found.Exists || found.LinkTarget is not null)
        {
            return false;
        }

        await using var bytes = found.OpenRead();
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, stop)) == digest.Value;
    }

    /// <summary>Files of other complete releases, by digest: what is here need not be fetched.</summary>
    private async Task<ImmutableSortedDictionary<Digest, string>> FilesHereAsync(ReleaseId except, CancellationToken stop)
    {
        var here = ImmutableSortedDictionary.CreateBuilder<Digest, string>();
        foreach (var path in Directory.EnumerateFiles(_paths.Manifests).Where(p => Path.GetFileName(p) != except.Value))
        {
            var complete = ReleaseId.TryParse(Path.GetFileName(path), null, out var release) && File.Exists(_paths.Mark(release));
            foreach (var file in complete ? FilesOf(await File.ReadAllBytesAsync(path, stop)) : [])
            {
                if (file.Digest is { } digest && Path.Combine(_paths.Tree(release), file.Path) is var there && File.Exists(there))
                {
                    here[digest] = there;
                }
            }
        }

        return here.ToImmutable();
    }

    /// <summary>None of a manifest that cannot be read: it is another release's trouble.</summary>
    private static ImmutableArray<ReleaseFile> FilesOf(byte[] manifest)
    {
        try
        {
            return Read(manifest).Files;
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    /// <summary>What this agent found right, with the stamps of then: while they are the same, so are the bytes.</summary>
    private sealed class VerifiedTree(ReleaseTree tree, Digest manifest)
    {
        private readonly string _stamps = tree.Stamps();

        public bool Is(Digest wanted) => wanted == manifest && tree.Exists && _stamps == tree.Stamps();
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Information, "{Release} is laid out: {Files} files")]
        public static partial void LaidOut(ILogger logger, ReleaseId release, int files);

        [LoggerMessage(3102, LogLevel.Warning,
            "{Release} on disk is not what was pushed ({Problem}); moved to {Aside}, fetching it again")]
        public static partial void SetAside(ILogger logger, ReleaseId release, string problem, string aside);

        [LoggerMessage(3103, LogLevel.Error, "{Release} is corrupt and does not run: {Problem}")]
        public static partial void Corrupt(ILogger logger, ReleaseId release, string problem);

        [LoggerMessage(3104, LogLevel.Warning, "{Release} cannot be laid out now: {Problem}")]
        public static partial void Unavailable(ILogger logger, ReleaseId release, string problem);
    }
}
