using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>
/// Keeps every log of the host within its bound. Each is looked at five times a second while it is quiet and up to a hundred
/// times while it grows fast; a look at a quiet one is one fstat(2).
/// </summary>
/// <param name="tell">Never waits; false: it must be said again later.</param>
internal sealed partial class LogKeeper(AgentPaths paths, Func<AgentInput, bool> tell, TimeProvider time, ILogger logger)
    : IAgentObserver
{
    private static readonly TimeSpan Rescan = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<InstanceId, KeptLog> _logs = [];
    private readonly byte[] _buffer = new byte[LogMover.PieceBytesMax];
    private AgentState? _state;
    private ImmutableSortedDictionary<InstanceId, LogBound> _bounds = ImmutableSortedDictionary<InstanceId, LogBound>.Empty;
    private Assignment? _boundsOf;
    private DateTime _scanned;
    private long _scannedAt;

    /// <summary>Before it nothing is removed: what may be kept is not known.</summary>
    public void Observe(AgentState state)
    {
        lock (_gate)
        {
            _state = state;
        }
    }

    /// <summary>
    /// On a thread of its own: the disk may let it wait for long, and the threads of the pool are for those who must not.
    /// </summary>
    public Task RunAsync(CancellationToken stop) => Task.Factory.StartNew(
        () => Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken stop)
    {
        try
        {
            while (!stop.WaitHandle.WaitOne(Sweep()))
            {
            }
        }
        finally
        {
            foreach (var log in _logs.Values)
            {
                log.Mover.Dispose();
            }
        }
    }

    /// <summary>Looks at every log whose time has come.</summary>
    /// <returns>When the next one's comes.</returns>
    public TimeSpan Sweep()
    {
        AgentState? state;
        lock (_gate)
        {
            state = _state;
        }

        if (state is null)
        {
            return LogPace.Quiet;
        }

        try
        {
            Scan(state);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.ScanFault(logger, paths.Logs, e);
            return AfterFault;
        }

        var soonest = LogPace.Quiet;
        foreach (var (instance, log) in _logs)
        {
            // Half its pace early, so that those that are looked at equally often are looked at together: one wake-up for all.
            var since = time.GetElapsedTime(log.Looked);
            if (since >= log.Pace / 2)
            {
                Look(instance, log, since);
                since = TimeSpan.Zero;
            }

            soonest = log.Pace - since < soonest ? log.Pace - since : soonest;
        }

        return soonest > LogPace.Busy ? soonest : LogPace.Busy;
    }

    private void Look(InstanceId instance, KeptLog log, TimeSpan since)
    {
        log.Looked = time.GetTimestamp();
        var bound = _bounds[instance];
        try
        {
            log.Pace = LogPace.Next(log.Mover.Step(bound, time.GetUtcNow(), _buffer), since, bound);
            log.Trouble = TroubleOf(log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Pace = AfterFault;
            if (log.Trouble is null)
            {
                Log.Fault(logger, instance, e);
            }

            log.Trouble = "the log cannot be moved to its segments and grows; it is tried again each second, nothing is lost: "
                + e.Message;
        }

        log.TellDue(instance, tell, time.GetTimestamp(), time);
    }

    private static string? TroubleOf(KeptLog log) =>
        log.Mover.CannotPunch
            ? "the file system cannot give back parts of a file: this log grows until it is removed between a stop and a start"
        : log.IsRemoved ? "somebody removed the log of a process that lives: its lines are kept while this agent runs"
        : null;

    /// <summary>Which logs there are: when the directory changed, and now and then all the same.</summary>
    private void Scan(AgentState state)
    {
        var changed = Directory.GetLastWriteTimeUtc(paths.Logs);
        var due = _scannedAt == 0 || time.GetElapsedTime(_scannedAt) >= Rescan;
        if (changed == _scanned && !due && ReferenceEquals(state.Assignment, _boundsOf))
        {
            return;
        }

        foreach (var entry in Directory.Exists(paths.Logs) ? Directory.EnumerateFileSystemEntries(paths.Logs) : [])
        {
            if (Path.GetExtension(entry) is ".log" or SegmentFolder.Extension
                && InstanceId.TryParse(Path.GetFileNameWithoutExtension(entry), null, out var instance)
                && !_logs.ContainsKey(instance))
            {
                _logs.Add(instance, new KeptLog(new LogMover(paths.Log(instance), LogDisk.Instance)));
            }
        }

        var disk = new DriveInfo(paths.Directory).TotalSize;
        _bounds = LogBounds.Of(state.Assignment, _logs.Keys, disk);
        foreach (var (instance, log) in _logs.ToList())
        {
            try
            {
                Tend(instance, log);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // This one's trouble keeps nobody from looking at the others.
                Log.Fault(logger, instance, e);
            }
        }

        (_scanned, _scannedAt, _boundsOf) = (changed, time.GetTimestamp(), state.Assignment);
    }

    private void Tend(InstanceId instance, KeptLog log)
    {
        log.IsRemoved = log.Mover.IsUnlinked;
        if (log.IsRemoved && File.Exists(paths.Log(instance)))
        {
            GoOn(instance, log);
        }
        else if (log.Mover.IsSpent(_bounds[instance], time.GetUtcNow()))
        {
            Forget(instance, log);
        }
    }

    /// <summary>The next process has a new file: the rest of the removed one is moved, and the new one is followed.</summary>
    private void GoOn(InstanceId instance, KeptLog log)
    {
        log.Mover.Finish(_bounds[instance], time.GetUtcNow(), _buffer);
        log.GoOn(new LogMover(paths.Log(instance), LogDisk.Instance));
    }

    /// <summary>Of an instance that left, when its last line is too old. Under the gate: it may just be coming back.</summary>
    private void Forget(InstanceId instance, KeptLog log)
    {
        lock (_gate)
        {
            if (_state?.Instances.ContainsKey(instance) is false)
            {
                log.Mover.Remove();
                _logs.Remove(instance);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3711, LogLevel.Error,
            "{Instance}: the log could not be kept as it should be; it is tried again, nothing is lost")]
        public static partial void Fault(ILogger logger, InstanceId instance, Exception e);

        [LoggerMessage(3712, LogLevel.Error, "{Directory}: the logs cannot be listed; it is tried again")]
        public static partial void ScanFault(ILogger logger, string directory, Exception e);
    }
}
