using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Releases on this host's disk: laid out once, never changed, verified before each use (DESIGN.md promise 3).</summary>
internal sealed partial class ReleaseStore : IReleaseStore, IAsyncDisposable
{
    private readonly ConcurrentDictionary<(ReleaseId, Digest), Lazy<Task<ReleaseOutcome>>> _flights = new();
    private readonly ConcurrentDictionary<ReleaseId, SemaphoreSlim> _turns = new();
    private readonly ConcurrentDictionary<ReleaseId, VerifiedTree> _verified = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly ReleaseLaying _laying;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public ReleaseStore(ReleasePaths paths, ArtifactSource source, TimeProvider time, ILogger<ReleaseStore> logger)
    {
        paths.Create();
        (_time, _logger) = (time, logger);
        _laying = new ReleaseLaying(paths, source, time, logger);
    }

    /// <summary>Callers that want the same release at the same time share one fetch; each may stop waiting by itself.</summary>
    public async ValueTask<ReleaseOutcome> EnsureAsync(ReleaseId release, Digest manifest, CancellationToken stop)
    {
        if (_verified.TryGetValue(release, out var verified) && verified.Is(manifest, _time.GetUtcNow()))
        {
            return new ReleaseOutcome.Ready(verified.Directory);
        }

        var flight = _flights.GetOrAdd((release, manifest),
            key => new Lazy<Task<ReleaseOutcome>>(() => FlyAsync(key.Item1, key.Item2)));
        return await flight.Value.WaitAsync(stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await Task.WhenAll(_flights.Values.Select(f => (Task)f.Value)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _laying.DisposeAsync();
    }

    private async Task<ReleaseOutcome> FlyAsync(ReleaseId release, Digest manifest)
    {
        await Task.Yield();

        // Two manifests of one release are two flights (a master was set up anew): the tree is one, so they take turns.
        var turn = _turns.GetOrAdd(release, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(_disposed.Token);
        try
        {
            var tree = await _laying.LayOutAsync(release, manifest, _disposed.Token);
            _verified[release] = tree;
            return new ReleaseOutcome.Ready(tree.Directory);
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

    private static partial class Log
    {
        [LoggerMessage(3103, LogLevel.Error, "{Release} is corrupt and does not run: {Problem}")]
        public static partial void Corrupt(ILogger logger, ReleaseId release, string problem);

        [LoggerMessage(3104, LogLevel.Warning, "{Release} cannot be laid out now: {Problem}")]
        public static partial void Unavailable(ILogger logger, ReleaseId release, string problem);
    }
}
