namespace Zurg.Simulation;

/// <summary>Virtual time: it stands still while anything is ready to run, and then jumps to the next timer.</summary>
internal sealed class SimTime(SimScheduler scheduler) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<SimTimer, (long Due, long Order)> _timers = new();
    private long _now;
    private long _order;

    public TimeSpan Elapsed => TimeSpan.FromTicks(_now);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Epoch + Elapsed;

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs the cluster until this much virtual time has gone by.</summary>
    public void RunFor(TimeSpan duration)
    {
        var end = _now + duration.Ticks;
        scheduler.RunReady();
        while (_timers.TryPeek(out var timer, out var key) && key.Due <= end)
        {
            _timers.Dequeue();
            if (timer.IsDue(key.Order))
            {
                _now = Math.Max(_now, key.Due);
                scheduler.Note(_now);
                _ = scheduler.Start(() =>
                {
                    timer.Fire();
                    return Task.CompletedTask;
                });
                scheduler.RunReady();
            }
        }

        _now = end;
    }

    private sealed class SimTimer(SimTime time, TimerCallback callback, object? state) : ITimer
    {
        private long _current = -1;
        private TimeSpan _period;

        public bool IsDue(long order) => order == _current;

        public void Fire()
        {
            _current = -1;
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            _current = dueTime == Timeout.InfiniteTimeSpan ? -1 : ++time._order;
            if (_current >= 0)
            {
                time._timers.Enqueue(this, (time._now + dueTime.Ticks, _current));
            }

            return true;
        }

        public void Dispose() => _current = -1;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
