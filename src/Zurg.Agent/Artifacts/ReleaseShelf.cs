using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// The releases on this host's disk, each used by one at a time; old ones are removed by rule (<see cref="ReleaseCollecting"/>),
/// and more of them when room is needed.
/// </summary>
internal sealed partial class ReleaseShelf(
    ReleasePaths paths, ImmutableArray<IReleaseUse> uses, TimeProvider time, ILogger<ReleaseShelf> logger)
{
    /// <summary>Between two looks for old ones; when a release was last needed is known to this.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    /// <summary>A tree with wrong bytes is there so long for people to look at.</summary>
    public static readonly TimeSpan QuarantineFor = TimeSpan.FromDays(7);

    /// <summary>Looking whether it is known now costs next to nothing.</summary>
    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ReleaseId, SemaphoreSlim> _turns = new();
    private readonly ConcurrentDictionary<ReleaseId, VerifiedTree> _verified = new();

    public ReleasePaths Paths => paths;

    public VerifiedTree? Verified(ReleaseId release) => _verified.GetValueOrDefault(release);

    /// <summary>By whoever has the turn.</summary>
    public void Keep(ReleaseId release, VerifiedTree tree) => _verified[release] = tree;

    public Task TakeTurnAsync(ReleaseId release, CancellationToken stop) => TurnOf(release).WaitAsync(stop);

    public void EndTurn(ReleaseId release) => TurnOf(release).Release();

    /// <summary>Looks for old ones until told otherwise.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (; ; )
        {
            await Task.Delay(TrySweep() ? SweepEvery : UnknownFor, time, stop);
        }
    }

    /// <summary>Removes what is old; what cannot be removed is tried again next time.</summary>
    /// <returns>False when it is not known yet what is needed.</returns>
    public bool TrySweep()
    {
        try
        {
            if (Used() is not { } used)
            {
                return false;
            }

            Sweep(used);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotSwept(logger, paths.Root, e);
        }

        return true;
    }

    /// <summary>What fetches of this release left; by whoever has the turn.</summary>
    public void ClearStaging(ReleaseId release)
    {
        foreach (var staging in paths.Stagings().Where(s => s.Release == release).ToList())
        {
            ReleaseTree.Remove(staging.Path);
        }
    }

    /// <summary>What is needed and complete here, but was last hashed too long ago, or in another boot.</summary>
    public ImmutableArray<ReleaseDemand> InDoubt()
    {
        try
        {
            var now = time.GetUtcNow();
            return
            [
                .. from release in Used() ?? ImmutableSortedSet<ReleaseId>.Empty
                let mark = ReleaseMark.Read(paths.Mark(release))
                where mark is not null && !mark.Speaks(now)
                select new ReleaseDemand(release, mark.Manifest),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotSwept(logger, paths.Root, e);
            return [];
        }
    }

    /// <summary>Removes one thing that could be spared.</summary>
    /// <param name="except">Of which nothing is removed.</param>
    /// <returns>False when there is nothing more.</returns>
    public bool TryFreeOne(ReleaseId except)
    {
        if (Used() is not { } used)
        {
            return false;
        }

        if (paths.Quarantines().FirstOrDefault() is { } quarantine)
        {
            ReleaseTree.Remove(quarantine);
            return true;
        }

        var plan = ReleaseCollecting.Decide(Here(), used, time.GetUtcNow());
        return plan.Remove.Concat(plan.IfRoomIsNeeded).Where(r => r != except).Any(TryRemove);
    }

    private void Sweep(ImmutableSortedSet<ReleaseId> used)
    {
        var now = time.GetUtcNow();
        foreach (var release in used.Where(r => File.Exists(paths.Mark(r))))
        {
            File.SetLastWriteTimeUtc(paths.Mark(release), now.UtcDateTime);
        }

        foreach (var old in paths.Quarantines().Where(q => now.UtcDateTime - Directory.GetLastWriteTimeUtc(q) >= QuarantineFor)
            .Concat(paths.Removings()).ToList())
        {
            ReleaseTree.Remove(old);
        }

        foreach (var (path, release) in paths.Stagings().Where(s => s.Release is not { } r || !used.Contains(r)).ToList())
        {
            if (release is not { } staged)
            {
                ReleaseTree.Remove(path);
            }
            else if (TurnOf(staged).Wait(TimeSpan.Zero))
            {
                ClearStaging(staged);
                EndTurn(staged);
            }
        }

        foreach (var release in paths.Complete().Where(r => !Directory.Exists(paths.Tree(r))))
        {
            // A mark that was written anew while its release was on its way out.
            TryRemove(release);
        }

        foreach (var release in ReleaseCollecting.Decide(Here(), used, now).Remove)
        {
            TryRemove(release);
        }
    }

    /// <summary>Null while somebody does not know yet what it needs.</summary>
    private ImmutableSortedSet<ReleaseId>? Used()
    {
        var all = ImmutableSortedSet<ReleaseId>.Empty;
        foreach (var use in uses)
        {
            if (use.Releases is not { } releases)
            {
                return null;
            }

            all = all.Union(releases);
        }

        return all;
    }

    private ImmutableArray<KeptRelease> Here() =>
    [
        .. paths.Laid().Select(r => new KeptRelease(
            r, new DateTimeOffset(File.Exists(paths.Mark(r)) ? File.GetLastWriteTimeUtc(paths.Mark(r)) : DateTime.UnixEpoch))),
    ];

    private bool TryRemove(ReleaseId release)
    {
        var turn = TurnOf(release);
        if (!turn.Wait(TimeSpan.Zero))
        {
            return false;
        }

        try
        {
            // In this order: whoever needs it from now on says so before it looks whether it is verified, and then has to wait
            // for this turn.
            _verified.TryRemove(release, out _);
            Interlocked.MemoryBarrier();
            if (Used()?.Contains(release) is not false)
            {
                return false;
            }

            ReleaseRemoval.Remove(paths, release);
            Log.Removed(logger, release);
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    private SemaphoreSlim TurnOf(ReleaseId release) => _turns.GetOrAdd(release, _ => new SemaphoreSlim(1));

    private static partial class Log
    {
        [LoggerMessage(3121, LogLevel.Information, "{Release} was removed from this host: nothing needs it any more")]
        public static partial void Removed(ILogger logger, ReleaseId release);

        [LoggerMessage(3122, LogLevel.Warning, "Old releases in {Directory} cannot be removed now")]
        public static partial void NotSwept(ILogger logger, string directory, Exception e);
    }
}
