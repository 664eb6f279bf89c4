using System.Net.Sockets;
using Zurg.Core;

namespace Zurg.Agent.Relay;

/// <summary>
/// One connection of a program, carried to an instance: bytes, half-closes and resets as they come, each side as fast as the
/// other one reads. Its end at the service may change between two HTTP requests.
/// </summary>
internal sealed class RelayConnection(RelayListener listener, Socket client)
{
    /// <summary>Both ends were told that it is over; then it is cut.</summary>
    private static readonly TimeSpan CutAfter = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly HttpTurns _turns = new();
    private readonly RelayDial _dial = new(listener);
    private RelayUpstream? _upstream;
    private Task _answers = Task.CompletedTask;
    private bool _said;
    private bool _serverLast;
    private bool _clientDone;
    private bool _aborted;
    private long _heardAt = listener.Time.GetTimestamp();
    private long? _closedAt;

    /// <summary>Done when nothing of it is left.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Carried to an endpoint that the newest set has no more.</summary>
    public bool IsUnlisted => Volatile.Read(ref _upstream) is { Target.Listed: false };

    public void Begin(Action ended) => Ended = RunAsync(ended);

    /// <summary>Does what is to be done when its endpoint is no longer listed; harmless at any time.</summary>
    public void Care()
    {
        lock (_lock)
        {
            if (_aborted || _upstream is not { } upstream)
            {
                return;
            }

            if (_closedAt is { } closed)
            {
                if (listener.Time.GetElapsedTime(closed) >= CutAfter)
                {
                    Abort_NeedsLock();
                }

                return;
            }

            var turnsKnown = _turns.IsLast || (!_turns.IsOpaque && _turns.Answered > 0);
            var talk = new RelayTalk(
                upstream.Target.Listed, _said, _serverLast, _turns.IsBetween, turnsKnown,
                listener.Time.GetElapsedTime(_heardAt));
            switch (RelayCare.Next(talk))
            {
                case RelayStep.Keep:
                    break;
                case RelayStep.Detach:
                    Detach_NeedsLock();
                    break;
                case RelayStep.Move:
                    Detach_NeedsLock();
                    _answers = MoveAsync(_answers);
                    break;
                case RelayStep.Close:
                    Close_NeedsLock(upstream);
                    break;
            }
        }
    }

    /// <summary>Both ends are reset.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            Abort_NeedsLock();
        }
    }

    private async Task RunAsync(Action ended)
    {
        // Off the thread that accepts.
        await Task.Yield();
        try
        {
            client.NoDelay = true;
            if (await OpenAsync(Task.CompletedTask) is not null)
            {
                await CarryRequestsAsync();
                await AnswersEndAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Abort();
        }
        finally
        {
            await FinishAsync();
            ended();
        }
    }

    private async Task CarryRequestsAsync()
    {
        while (await client.ReceiveSomeAsync(CarryRequestAsync, CancellationToken.None))
        {
        }

        EndOfRequests();
    }

    /// <returns>False: no instance took it.</returns>
    private async ValueTask<bool> CarryRequestAsync(Memory<byte> bytes)
    {
        if ((AfterRequest(bytes.Span) ?? await OpenAsync(Answers())) is not { } upstream)
        {
            return false;
        }

        await upstream.Socket.SendAllAsync(bytes);
        return true;
    }

    /// <summary>From here on a request is under way, and its end at the service stays what it is.</summary>
    /// <returns>Null: it has none now.</returns>
    private RelayUpstream? AfterRequest(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_closedAt is not null)
            {
                // It was told that this is over, and said more in the same moment: the instance never hears of it.
                Abort_NeedsLock();
            }

            ObjectDisposedException.ThrowIf(_aborted, this);
            if (_turns.IsBetween && IsUnlisted)
            {
                // Nobody has looked since the last answer: a new request goes by the newest set.
                Detach_NeedsLock();
            }

            _turns.FromClient(bytes);
            (_said, _serverLast, _heardAt) = (true, false, listener.Time.GetTimestamp());
            return _upstream;
        }
    }

    private void EndOfRequests()
    {
        lock (_lock)
        {
            _clientDone = true;
            _upstream?.Socket.TryShut();
        }
    }

    /// <summary>Null when no instance took it in time: the program is reset.</summary>
    /// <param name="before">Who still writes to the program.</param>
    private async Task<RelayUpstream?> OpenAsync(Task before)
    {
        await before;
        if (Volatile.Read(ref _upstream) is { } known)
        {
            return known;
        }

        var opened = await _dial.OpenAsync(TryAttach);
        if (opened is null)
        {
            Abort();
        }

        return opened;
    }

    /// <summary>Under the lock that <see cref="Care"/> takes after a set: none that is withdrawn is attached unseen.</summary>
    private bool TryAttach(RelayUpstream upstream)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_aborted, this);
            if (!upstream.Target.Listed)
            {
                return false;
            }

            _heardAt = listener.Time.GetTimestamp();
            Volatile.Write(ref _upstream, upstream);
            _answers = CarryAnswersAsync(upstream);
            if (_clientDone)
            {
                upstream.Socket.TryShut();
            }

            return true;
        }
    }

    private async Task CarryAnswersAsync(RelayUpstream upstream)
    {
        await Task.Yield();
        try
        {
            while (await upstream.Socket.ReceiveSomeAsync(CarryAnswerAsync, upstream.Left))
            {
                if (IsUnlisted)
                {
                    Care();
                }
            }

            End(upstream, gracefully: true);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            End(upstream, gracefully: false);
        }
        finally
        {
            if (upstream.Left.IsCancellationRequested)
            {
                upstream.Dispose();
            }
        }
    }

    private async ValueTask<bool> CarryAnswerAsync(Memory<byte> bytes)
    {
        Heard(bytes.Span);
        await client.SendAllAsync(bytes);
        return true;
    }

    private void Heard(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _turns.FromServer(bytes);
            (_said, _serverLast, _heardAt) = (true, true, listener.Time.GetTimestamp());
        }
    }

    /// <summary>The instance's end is over. Between two requests the program need not know; else it is told likewise.</summary>
    private void End(RelayUpstream upstream, bool gracefully)
    {
        lock (_lock)
        {
            if (_upstream != upstream)
            {
                return;
            }

            if (_turns.IsBetween && !_clientDone)
            {
                Detach_NeedsLock();
            }
            else if (gracefully)
            {
                client.TryShut();
            }
            else
            {
                Abort_NeedsLock();
            }
        }
    }

    private void Detach_NeedsLock()
    {
        listener.Counts.Moved();
        _upstream?.Leave();
        Volatile.Write(ref _upstream, null);
    }

    /// <summary>
    /// To both at once: what the program says in the same moment is not carried on, so that nothing is done whose answer would
    /// be lost, and the reset that it gets says so.
    /// </summary>
    private void Close_NeedsLock(RelayUpstream upstream)
    {
        listener.Counts.Closed();
        _closedAt = listener.Time.GetTimestamp();
        client.TryShut();
        upstream.Socket.TryShut();
    }

    private async Task MoveAsync(Task before)
    {
        await Task.Yield();
        try
        {
            await OpenAsync(before);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Abort();
        }
    }

    /// <summary>Whoever writes to the program last.</summary>
    private async Task AnswersEndAsync()
    {
        for (var last = Answers(); ; last = Answers())
        {
            await last;
            if (last == Answers())
            {
                return;
            }
        }
    }

    private Task Answers()
    {
        lock (_lock)
        {
            return _answers;
        }
    }

    private void Abort_NeedsLock()
    {
        if (!_aborted)
        {
            _aborted = true;
            client.Reset();
            _upstream?.Socket.Reset();
        }
    }

    private async Task FinishAsync()
    {
        RelayUpstream? last;
        lock (_lock)
        {
            _aborted = true;
            last = _upstream;
            last?.Leave();
            Volatile.Write(ref _upstream, null);
        }

        await AnswersEndAsync();
        last?.Dispose();
        client.Dispose();
    }
}
