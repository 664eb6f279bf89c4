namespace Zurg.Agent.Hands;

/// <summary>Owns the tasks of effects under way (rule 11): each is waited for at the end, and a failure of one is told.</summary>
internal sealed class TaskSet : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _tasks = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<Exception> _failed;

    /// <param name="failed">Hears what escaped a task.</param>
    public TaskSet(Action<Exception> failed) => (_failed, Stop) = (failed, _stop.Token);

    /// <summary>May be asked for when all is over, too: processes end when they like.</summary>
    public CancellationToken Stop { get; }

    public void Begin(Func<CancellationToken, Task> work) => _ = Run(work);

    /// <summary>Runs it on the pool, so that the caller goes on at once even when it begins by blocking.</summary>
    public Task Run(Func<CancellationToken, Task> work)
    {
        var task = Task.Run(() => GuardAsync(work), CancellationToken.None);
        lock (_lock)
        {
            _tasks.RemoveWhere(t => t.IsCompleted);
            _tasks.Add(task);
        }

        return task;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] left;
        lock (_lock)
        {
            left = [.. _tasks];
        }

        await Task.WhenAll(left);
        _stop.Dispose();
    }

    private async Task GuardAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(Stop);
        }
        catch (OperationCanceledException)
        {
            // Ended on purpose: by its own token or by the stop of all.
        }
        catch (Exception e)
        {
            _failed(e);
        }
    }
}
