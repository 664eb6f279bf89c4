namespace Zurg.Loops;

/// <summary>Wakes every watcher once something new is there. Take <see cref="Next"/> before looking, so that nothing is missed.</summary>
public sealed class StoreSignal
{
    private TaskCompletionSource _next = Create();

    public Task Next => Volatile.Read(ref _next).Task;

    public void Raise() => Interlocked.Exchange(ref _next, Create()).TrySetResult();

    /// <summary>False when stopped: a watch ends quietly.</summary>
    public static async ValueTask<bool> WaitAsync(Task next, CancellationToken stop)
    {
        try
        {
            await next.WaitAsync(stop);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static TaskCompletionSource Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
