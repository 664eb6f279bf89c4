using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>
/// The only writer: takes every commit that waits, makes them durable with one fsync, then answers them all. While one group is
/// being written the next one gathers, so the busier the store, the fewer fsyncs a commit costs.
/// </summary>
internal sealed partial class SqliteWriter(SqliteBook book, ILogger logger)
{
    // Bounds what one fault can make doubtful, and the memory of those who wait; beyond it a commit waits in its caller.
    private const int WaitingMax = 4096;
    private const int GroupMax = 1024;

    // So many commits that fail alone, one after the other: the disk is the cause and not one of them.
    private const int FaultsInARowMax = 8;

    private readonly Channel<StoreRequest> _requests =
        Channel.CreateBounded<StoreRequest>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });

    private readonly List<CommitRequest> _group = new(GroupMax);
    private readonly Queue<CompactRequest> _compactions = new();

    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public async ValueTask SendAsync(StoreRequest request, CancellationToken stop)
    {
        try
        {
            if (!_requests.Writer.TryWrite(request))
            {
                await _requests.Writer.WriteAsync(request, stop);
            }
        }
        catch (ChannelClosedException e)
        {
            throw new ObjectDisposedException("the store is closed", e.InnerException);
        }
    }

    /// <summary>What was sent before is still written; <see cref="RunAsync"/> ends after it.</summary>
    public void Close() => _requests.Writer.TryComplete();

    public async Task RunAsync()
    {
        try
        {
            while (_compactions.Count > 0 || await _requests.Reader.WaitToReadAsync())
            {
                Take();
                WriteGroup();
                CompactSome();
            }
        }
        catch (Exception bug)
        {
            Log.WriterDied(logger, bug);
            FailEverything(bug);
            throw;
        }
    }

    private void Take()
    {
        _group.Clear();
        while (_group.Count < GroupMax && _requests.Reader.TryRead(out var request))
        {
            switch (request)
            {
                case { IsAbandoned: true }:
                    request.Fail(new OperationCanceledException());
                    break;
                case CommitRequest commit:
                    _group.Add(commit);
                    break;
                case CompactRequest compact:
                    _compactions.Enqueue(compact);
                    break;
            }
        }
    }

    private void WriteGroup()
    {
        if (_group.Count == 0)
        {
            return;
        }

        var before = book.State.Revision;
        if (Attempt(_group) is not { } fault)
        {
            return;
        }

        if (_group.Count > 1 && IsKnownUnwritten(before))
        {
            AttemptEachAlone();
        }
        else
        {
            _group.ForEach(request => request.Fail(fault));
        }
    }

    private StoreFaultException? Attempt(List<CommitRequest> group)
    {
        try
        {
            var outcomes = book.Write(group);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Complete(outcomes[i]);
            }

            return null;
        }
        catch (StoreFaultException fault)
        {
            Log.WriteFailed(logger, group.Count, fault);
            return fault;
        }
    }

    // A commit that cannot be written must not take the others with it.
    private void AttemptEachAlone()
    {
        var faultsInARow = 0;
        StoreFaultException? fault = null;
        foreach (var request in _group)
        {
            fault = faultsInARow < FaultsInARowMax ? Attempt([request]) : fault;
            faultsInARow = fault is null ? 0 : faultsInARow + 1;
            if (fault is not null)
            {
                request.Fail(fault);
            }
        }
    }

    private bool IsKnownUnwritten(Revision before)
    {
        try
        {
            return book.ReadBack() == before;
        }
        catch (StoreFaultException fault)
        {
            Log.ReadBackFailed(logger, fault);
            return false;
        }
    }

    private void CompactSome()
    {
        if (!_compactions.TryPeek(out var request))
        {
            return;
        }

        try
        {
            if (book.Compact(request.UpTo))
            {
                _compactions.Dequeue().Complete();
            }
        }
        catch (StoreFaultException fault)
        {
            Log.WriteFailed(logger, 1, fault);
            _compactions.Dequeue().Fail(fault);
        }
    }

    private void FailEverything(Exception bug)
    {
        _requests.Writer.TryComplete(bug);
        var fault = new StoreFaultException("the store's writer has died; the master must be started again", bug);
        _group.ForEach(request => request.Fail(fault));
        while (_compactions.TryDequeue(out var compaction))
        {
            compaction.Fail(fault);
        }

        while (_requests.Reader.TryRead(out var request))
        {
            request.Fail(fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Error, "The store could not write {Commits} commits")]
        public static partial void WriteFailed(ILogger logger, int commits, Exception fault);

        [LoggerMessage(2302, LogLevel.Error, "The store could not be read back after a fault")]
        public static partial void ReadBackFailed(ILogger logger, Exception fault);

        [LoggerMessage(2303, LogLevel.Critical, "The store's writer died of a bug; nothing more will be written")]
        public static partial void WriterDied(ILogger logger, Exception bug);
    }
}
