using Zurg.Core;

namespace Zurg.Agent.Probes;

/// <summary>
/// One incarnation's watchdog with a clock: what it hears goes into <see cref="Watchdog"/>, which decides. The clock is the
/// monotonic one, so no clock that is set can fire it.
/// </summary>
internal sealed class WatchdogTimer(TimeSpan timeout, TimeProvider time) : IDisposable
{
    /// <summary>What the process said in time may still wait in its socket, behind the loop that reads it.</summary>
    private static readonly TimeSpan HearingMax = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly long _began = time.GetTimestamp();
    private Watchdog _state = Watchdog.Begin(timeout, TimeSpan.Zero);

    public void Hear(NotifyWords words)
    {
        lock (_lock)
        {
            var before = _state;
            _state = _state.Hear(words, Now);

            // A later end is noticed when the earlier one has come; only a sooner one must wake whoever waits.
            var sooner = _state.GaveUp || _state.Due < before.Due || before.Due is null;
            if (sooner && _state != before && _changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
    }

    /// <summary>Returns why the process is half dead, once it is.</summary>
    public async Task<string> ExpiredAsync(CancellationToken stop)
    {
        while (true)
        {
            if (State.Verdict(Now) is not null)
            {
                await Task.Delay(HearingMax, time, stop);
                if (State.Verdict(Now) is { } verdict)
                {
                    return verdict;
                }
            }

            await WaitAsync(stop);
        }
    }

    public void Dispose() => _changed.Dispose();

    private TimeSpan Now => time.GetElapsedTime(_began);

    private Watchdog State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        var due = State.Due;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var changed = _changed.WaitAsync(either.Token);
        var wait = due - Now ?? Timeout.InfiniteTimeSpan;
        var delay = Task.Delay(wait > TimeSpan.Zero || due is null ? wait : TimeSpan.Zero, time, either.Token);
        var first = await Task.WhenAny(changed, delay);
        await either.CancelAsync();
        await Task.WhenAll(changed, delay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        if (first == delay && due is { } meant)
        {
            lock (_lock)
            {
                _state = _state.Wake(meant, Now);
            }
        }
    }
}
