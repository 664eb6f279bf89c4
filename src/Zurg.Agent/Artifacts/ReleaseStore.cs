using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Releases on this host's disk: laid out once, never changed, verified before each use (DESIGN.md promise 3).</summary>
internal sealed partial class ReleaseStore : IReleaseStore, IAsyncDisposable
{
    /// <summary>In bytes of text: a path can be long, and the event log keeps each event for long.</summary>
    private const int HappenedMax = 500;

    private readonly ConcurrentDictionary<(ReleaseId, Digest), Lazy<Task<ReleaseOutcome>>> _flights = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly ReleaseLaying _laying;
    private readonly ReleaseShelf _shelf;
    private readonly Func<AgentInput.Happened, CancellationToken, ValueTask> _tell;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <param name="tell">Hears what people must be able to read later: a release whose bytes were wrong.</param>
    public ReleaseStore(
        ReleaseShelf shelf, ArtifactSource source, Func<AgentInput.Happened, CancellationToken, ValueTask> tell,
        TimeProvider time, ILogger<ReleaseStore> logger)
    {
        shelf.Paths.Create();
        (_shelf, _tell, _time, _logger) = (shelf, tell, time, logger);
        _laying = new ReleaseLaying(shelf, source, time, logger);
    }

    /// <summary>Callers that want the same release at the same time share one fetch; each may stop waiting by itself.</summary>
    public async ValueTask<ReleaseOutcome> EnsureAsync(ReleaseDemand demand, CancellationToken stop)
    {
        if (_shelf.Verified(demand.Release) is { } verified && verified.Is(demand.Manifest, _time.GetUtcNow()))
        {
            return new ReleaseOutcome.Ready(verified.Directory);
        }

        var flight = _flights.GetOrAdd(
            (demand.Release, demand.Manifest), _ => new Lazy<Task<ReleaseOutcome>>(() => FlyAsync(demand)));
        return await flight.Value.WaitAsync(stop);
    }

    /// <summary>
    /// Hashes each day what is needed, also when nothing starts: what rots is to be found before it is wanted, and while the
    /// master can still give it anew. What comes of it is told as at a start, and a hold is the next start's to say.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (; ; )
        {
            await Task.Delay(ReleaseShelf.SweepEvery, _time, stop);
            foreach (var demand in _shelf.InDoubt())
            {
                await EnsureAsync(demand, stop);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await Task.WhenAll(_flights.Values.Select(f => (Task)f.Value)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _laying.DisposeAsync();
    }

    private async Task<ReleaseOutcome> FlyAsync(ReleaseDemand demand)
    {
        await Task.Yield();
        var (release, manifest) = (demand.Release, demand.Manifest);

        // Two manifests of one release are two flights (a master was set up anew): the tree is one, so they take turns.
        await _shelf.TakeTurnAsync(release, _disposed.Token);
        try
        {
            var tree = await _laying.LayOutAsync(release, manifest, problem => TellAsync(demand, problem), _disposed.Token);
            _shelf.Keep(release, tree);
            return new ReleaseOutcome.Ready(tree.Directory);
        }
        catch (InvalidDataException e)
        {
            Log.Corrupt(_logger, release, e.Message);
            return new ReleaseOutcome.Held(new Hold(HoldReason.ReleaseCorrupt, $"release {release}: {e.Message}",
                $"push it again under a new version: zurg release push {release.Name} NEW_VERSION DIR"));
        }
        catch (NoRoomException e)
        {
            Log.Unavailable(_logger, release, e.Message);
            return Full(release, e.Message, $"make room for {e.Lacking.ToString(CultureInfo.InvariantCulture)} bytes more");
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            Log.Unavailable(_logger, release, e.Message);
            return Full(release, $"the disk filled up while it was laid out ({e.Message})", "make room");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            Log.Unavailable(_logger, release, e.Message);
            return new ReleaseOutcome.Held(new Hold(HoldReason.ReleaseUnavailable,
                $"release {release} cannot be laid out: {e.Message}"));
        }
        finally
        {
            _shelf.EndTurn(release);
            _flights.TryRemove((release, manifest), out _);
        }
    }

    private static ReleaseOutcome.Held Full(ReleaseId release, string text, string mend) => new(new Hold(
        HoldReason.DiskFull, $"release {release} cannot be laid out: {text}",
        $"{mend} there (du -x says what takes it); it is tried again by itself"));

    private ValueTask TellAsync(ReleaseDemand demand, string problem)
    {
        var text = $"release {demand.Release} on disk was not what was pushed: {problem}; it was set aside and is brought again";
        var told = new AgentInput.Happened(EventKind.ReleaseQuarantined, demand.For, text[..Math.Min(text.Length, HappenedMax)]);
        return _tell(told, _disposed.Token);
    }

    private static partial class Log
    {
        [LoggerMessage(3103, LogLevel.Error, "{Release} is corrupt and does not run: {Problem}")]
        public static partial void Corrupt(ILogger logger, ReleaseId release, string problem);

        [LoggerMessage(3104, LogLevel.Warning, "{Release} cannot be laid out now: {Problem}")]
        public static partial void Unavailable(ILogger logger, ReleaseId release, string problem);
    }
}
