using Microsoft.Extensions.Logging;

namespace Zurg.Master.Roles;

/// <summary>
/// Runs loops in production. One that dies, or ends without having been told to, stops the others, and the completion faults:
/// a master is whole or gone, never half alive (rule 11).
/// </summary>
internal sealed partial class LoopHost(ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _loops = [];

    /// <summary>Faults when a loop died; completes once all were stopped.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Cancelled as soon as the loops are to stop.</summary>
    public CancellationToken Stopping => _stop.Token;

    public void Start(string name, Func<CancellationToken, Task> runAsync) => _loops.Add(HoldAsync(name, runAsync));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _completion.TrySetResult();
        _stop.Dispose();
    }

    private async Task HoldAsync(string name, Func<CancellationToken, Task> runAsync)
    {
        try
        {
            await Task.Run(() => runAsync(_stop.Token), CancellationToken.None);
            Died(name, _stop.IsCancellationRequested ? null : new InvalidOperationException("it ended by itself"));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked for.
        }
        catch (Exception e)
        {
            Died(name, e);
        }
    }

    private void Died(string name, Exception? reason)
    {
        if (reason is not null
            && _completion.TrySetException(new InvalidOperationException($"the {name} loop died: {reason.Message}", reason)))
        {
            Log.LoopDied(logger, name, reason);
            _stop.Cancel();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Critical, "The {Loop} loop died: the master stops")]
        public static partial void LoopDied(ILogger logger, string loop, Exception reason);
    }
}
