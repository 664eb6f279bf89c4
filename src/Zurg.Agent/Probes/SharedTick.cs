namespace Zurg.Agent.Probes;

/// <summary>
/// Waits that end together. Two hundred waits of a second, each with a timer and a wake-up of its own, wake a quiet agent two
/// hundred times a second; ended at shared moments it is twenty times.
/// </summary>
internal sealed class SharedTick(TimeProvider time) : IDisposable
{
    /// <summary>A wait ends so much later than asked, at most.</summary>
    public static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);

    /// <summary>Timers count whole milliseconds: one that rang a moment early must not spin.</summary>
    private static readonly TimeSpan MinTimer = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, List<TaskCompletionSource>> _due = [];
    private readonly long _zero = time.GetTimestamp();
    private ITimer? _timer;
    private bool _disposed;

    /// <summary>
    /// What follows runs on the tick's own thread, one wait after the other, up to its first real wait: it must not block.
    /// </summary>
    /// <exception cref="OperationCanceledException">As soon as <paramref name="stop"/> says so.</exception>
    public async Task WaitAsync(TimeSpan pause, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var wait = new TaskCompletionSource();
        await using var cancelled = stop.UnsafeRegister(
            static (wait, stop) => ((TaskCompletionSource)wait!).TrySetCanceled(stop), wait);
        Add(TickAfter(pause), wait);
        await wait.Task;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
        }
    }

    private void Add(long tick, TaskCompletionSource wait)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var isFirst = _due.Count == 0 || tick < _due.Keys.First();
            if (!_due.TryGetValue(tick, out var waits))
            {
                _due.Add(tick, waits = []);
            }

            waits.Add(wait);
            if (isFirst)
            {
                SetTimer_NeedsLock();
            }
        }
    }

    private void Ring()
    {
        var ended = new List<TaskCompletionSource>();
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            var now = time.GetElapsedTime(_zero).Ticks / Grain.Ticks;
            while (_due.Count > 0 && _due.First() is var (tick, waits) && tick <= now)
            {
                ended.AddRange(waits);
                _due.Remove(tick);
            }

            SetTimer_NeedsLock();
        }

        foreach (var wait in ended)
        {
            wait.TrySetResult();
        }
    }

    private void SetTimer_NeedsLock()
    {
        if (_due.Count == 0)
        {
            return;
        }

        _timer ??= time.CreateTimer(
            static tick => ((SharedTick)tick!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var left = _due.Keys.First() * Grain - time.GetElapsedTime(_zero);
        _timer.Change(left > MinTimer ? left : MinTimer, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The first that is no sooner than asked.</summary>
    private long TickAfter(TimeSpan pause) =>
        (time.GetElapsedTime(_zero) + pause - TimeSpan.FromTicks(1)).Ticks / Grain.Ticks + 1;
}
