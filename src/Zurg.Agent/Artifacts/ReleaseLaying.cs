using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Makes one release complete: what is here is verified, what is missing or wrong is brought.</summary>
internal sealed partial class ReleaseLaying(ReleaseShelf shelf, ArtifactSource source, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ReleaseId, Task> _syncs = new();
    private readonly KeptManifests _manifests = new(shelf.Paths);
    private readonly DeltaFetch _deltas = new(shelf.Paths, source, logger);

    /// <summary>One at a time for each release.</summary>
    /// <param name="wrong">Hears the first difference when the bytes on disk are wrong; they are set aside by then.</param>
    /// <exception cref="InvalidDataException">The master's bytes are wrong.</exception>
    /// <exception cref="HttpRequestException">The master does not give them; what came is kept for the next attempt.</exception>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public async Task<VerifiedTree> LayOutAsync(
        ReleaseId release, Digest digest, Func<string, ValueTask> wrong, CancellationToken stop)
    {
        var manifest = await _manifests.FindAsync(release, digest, stop);
        if (manifest is null && Directory.Exists(shelf.Paths.Tree(release)))
        {
            manifest = _manifests.Accept(release, await source.ManifestAsync(release, digest, stop));
        }

        var tree = manifest is null ? null : new ReleaseTree(shelf.Paths, manifest, digest);
        var verified = tree is null ? null : await VerifiedAsync(tree, release, wrong, stop);
        return verified ?? await BringAsync(release, digest, manifest, stop);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_syncs.Values);

    /// <summary>A tree with one wrong byte is moved away.</summary>
    private async Task<VerifiedTree?> VerifiedAsync(
        ReleaseTree tree, ReleaseId release, Func<string, ValueTask> wrong, CancellationToken stop)
    {
        if (!tree.Exists)
        {
            return null;
        }

        if (tree.Untouched(time.GetUtcNow()) is { } mark)
        {
            return new VerifiedTree(tree, mark);
        }

        switch (await tree.HashAsync(time.GetUtcNow(), stop))
        {
            case TreeVerdict.Right right:
                return new VerifiedTree(tree, right.Mark);
            case TreeVerdict.Wrong(var problem):
                Log.SetAside(logger, release, problem, tree.SetAside(time.GetUtcNow()));
                await wrong(problem);
                return null;
            default:
                throw new UnreachableException();
        }
    }

    private async Task<VerifiedTree> BringAsync(
        ReleaseId release, Digest digest, ReleaseManifest? manifest, CancellationToken stop)
    {
        var staging = shelf.Paths.Staging(release, digest);
        try
        {
            return await BringAsync(release, digest, manifest, staging, stop);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            // Somebody else filled the disk meanwhile. What the journal needs now is worth more than what would be fetched again.
            shelf.ClearStaging(release);
            throw;
        }
    }

    private async Task<VerifiedTree> BringAsync(
        ReleaseId release, Digest digest, ReleaseManifest? manifest, string staging, CancellationToken stop)
    {
        VerifiedTree verified;
        HostFiles here;

        // While the master compares.
        var looking = Task.Run(() => HostFiles.Of(shelf.Paths, release, time.GetUtcNow()), stop);
        using (var delta = await _deltas.TryAsync(release, digest, staging, stop))
        {
            manifest ??= _manifests.Accept(release, delta?.ManifestBytes ?? await source.ManifestAsync(release, digest, stop));
            var stage = new ReleaseStaging(staging, manifest, source, source.NeighboursOf(release, stop));
            here = WithRoom(release, stage, await looking);
            await stage.StageAsync(here, delta, stop);
            var tree = new ReleaseTree(shelf.Paths, manifest, digest);
            tree.TakeOver(stage.Tree);
            verified = new VerifiedTree(tree, tree.Seal(here.HashedAt(time.GetUtcNow()), stage.Linked));
        }

        shelf.ClearStaging(release);
        _syncs[release] = Task.Run(() => SettleAsync(release, here), CancellationToken.None);
        Log.LaidOut(logger, release, manifest.Files.Length);
        return verified;
    }

    /// <summary>What can be spared makes way, but not for something that would not fit even then.</summary>
    /// <exception cref="NoRoomException">Nothing more can be spared.</exception>
    private HostFiles WithRoom(ReleaseId release, ReleaseStaging stage, HostFiles here)
    {
        for (; ; here = HostFiles.Of(shelf.Paths, release, time.GetUtcNow()))
        {
            var bytes = stage.BytesToBring(here);
            if (DiskRoom.For(shelf.Paths.Root) >= bytes || !DiskRoom.MayEverHave(shelf.Paths.Root, bytes)
                || !shelf.TryFreeOne(except: release))
            {
                DiskRoom.Demand(shelf.Paths.Root, bytes);
                return here;
            }
        }
    }

    /// <summary>
    /// What nobody waits for: that the marks of other releases speak again for the files that this one links (until then they
    /// would be hashed), and the disk: until it has everything a power loss may take the release, and the mark does not speak for
    /// it after a reboot.
    /// </summary>
    private async Task SettleAsync(ReleaseId release, HostFiles here)
    {
        await Task.Yield();
        try
        {
            here.Relink();
            Disk.SyncFileSystem(shelf.Paths.Root);
        }
        catch (IOException e)
        {
            Log.NotSettled(logger, release, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Information, "{Release} is laid out: {Files} files")]
        public static partial void LaidOut(ILogger logger, ReleaseId release, int files);

        [LoggerMessage(3102, LogLevel.Warning,
            "{Release} on disk is not what was pushed ({Problem}); moved to {Aside}, fetching it again")]
        public static partial void SetAside(ILogger logger, ReleaseId release, string problem, string aside);

        [LoggerMessage(3105, LogLevel.Warning,
            "What belongs to {Release} could not be written to the disk; more is hashed again than needed")]
        public static partial void NotSettled(ILogger logger, ReleaseId release, Exception e);
    }
}

/// <summary>What this agent found right, with the stamps of then: while they are the same, so are the bytes.</summary>
internal sealed class VerifiedTree(ReleaseTree tree, ReleaseMark mark)
{
    public string Directory => tree.Root;

    public bool Is(Digest manifest, DateTimeOffset now) => mark.Manifest == manifest && mark.Speaks(now) && tree.Looks(mark);
}
