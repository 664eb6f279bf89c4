namespace Zurg.Loops;

/// <summary>
/// Wakes every waiter once something new is there. Take <see cref="Count"/> before looking, so that nothing is missed. A waiter
/// resumes on the scheduler that it waited on: Task.WaitAsync over a shared signal would not (measured on .NET 10: its
/// cancellation promise completes on the thread pool).
/// </summary>
public sealed class Signal
{
    private readonly Lock _lock = new();
    private List<TaskCompletionSource<bool>> _waiters = [];
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Raise()
    {
        List<TaskCompletionSource<bool>> waiters;
        lock (_lock)
        {
            _count++;
            (waiters, _waiters) = (_waiters, []);
        }

        foreach (var waiter in waiters)
        {
            waiter.TrySetResult(true);
        }
    }

    /// <summary>
    /// Ends when it was raised after <paramref name="seen"/> was taken. False when stopped: a watch ends quietly.
    /// </summary>
    public async ValueTask<bool> WaitAsync(long seen, CancellationToken stop)
    {
        var waiter = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_count != seen)
            {
                return true;
            }

            _waiters.Add(waiter);
        }

        using var stopped = stop.Register(static waiter => ((TaskCompletionSource<bool>)waiter!).TrySetResult(false), waiter);
        var raised = await waiter.Task;
        if (!raised)
        {
            Forget(waiter);
        }

        return raised;
    }

    private void Forget(TaskCompletionSource<bool> waiter)
    {
        lock (_lock)
        {
            _waiters.Remove(waiter);
        }
    }
}
