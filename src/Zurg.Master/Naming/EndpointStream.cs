using System.IO.Pipelines;
using Zurg.Protocol;

namespace Zurg.Master.Naming;

/// <summary>
/// One reader of one service's sets over HTTP: a slot of one, so that a slow one gets only the newest, and no task of its own
/// while nothing happens.
/// </summary>
/// <param name="writer">Of the answer; nobody else writes to it until <see cref="RunAsync"/> has ended.</param>
/// <param name="lane">Where its turns are.</param>
internal sealed class EndpointStream(PipeWriter writer, WriteLanes.Lane lane) : INamingSubscriber, ILaneWork
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EndpointPush? _newest;
    private Task _waiting = Task.CompletedTask;
    private CancellationToken _stop;
    private Phase _phase;

    private enum Phase
    {
        Idle,

        /// <summary>There is a newer set, and its turn will come.</summary>
        Due,

        Writing,

        /// <summary>Nothing is written any more.</summary>
        Ended,
    }

    /// <summary>Writes the set of now and each newer one until <paramref name="stop"/>, which is the usual end.</summary>
    /// <exception cref="IOException">The reader's connection broke while something was written.</exception>
    public async Task RunAsync(NamingFanOut naming, ServiceName service, CancellationToken stop)
    {
        _stop = stop;
        using var end = stop.UnsafeRegister(static stream => ((EndpointStream)stream!).End(), this);
        naming.Subscribe(this, [service]);
        try
        {
            await _over.Task;
        }
        finally
        {
            naming.Unsubscribe(this);
            await _waiting;
        }
    }

    public void Offer(EndpointPush push)
    {
        lock (_lock)
        {
            _newest = push;
            if (_phase != Phase.Idle)
            {
                return;
            }

            _phase = Phase.Due;
        }

        lane.Add(this);
    }

    public void Write()
    {
        EndpointPush push;
        lock (_lock)
        {
            if (_phase != Phase.Due)
            {
                return;
            }

            (_phase, push, _newest) = (Phase.Writing, _newest!, null);
        }

        try
        {
            var write = writer.WriteAsync(push.Line, _stop);
            if (write.IsCompletedSuccessfully)
            {
                Written();
            }
            else
            {
                _waiting = WaitAsync(write);
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>The reader is slow: what is newest when it has taken this one is the next that it gets.</summary>
    private async Task WaitAsync(ValueTask<FlushResult> write)
    {
        try
        {
            await write;
            Written();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Written()
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested)
            {
                End_NeedsLock();
            }

            if (_phase == Phase.Writing)
            {
                _phase = _newest is null ? Phase.Idle : Phase.Due;
            }

            if (_phase != Phase.Due)
            {
                return;
            }
        }

        lane.Add(this);
    }

    /// <summary>At once, or when what is being written is: after it the answer belongs to the server again.</summary>
    private void End()
    {
        lock (_lock)
        {
            if (_phase != Phase.Writing)
            {
                End_NeedsLock();
            }
        }
    }

    private void Fail(Exception trouble)
    {
        lock (_lock)
        {
            _phase = Phase.Ended;
        }

        if (_stop.IsCancellationRequested)
        {
            _over.TrySetResult();
        }
        else
        {
            _over.TrySetException(trouble);
        }
    }

    private void End_NeedsLock()
    {
        _phase = Phase.Ended;
        _over.TrySetResult();
    }
}
