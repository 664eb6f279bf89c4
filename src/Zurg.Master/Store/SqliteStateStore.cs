using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>
/// The embedded store of a master that is alone: one SQLite file, one writer with group commit, everything current in memory.
/// What it has answered survives kill -9 and power loss. A list of now and a commit's checks read no file.
/// </summary>
internal sealed class SqliteStateStore : IStateStore, IAsyncDisposable
{
    private readonly SqliteStoreOptions _options;
    private readonly StoreDirectoryLock _lock;
    private readonly SqliteBook _book;
    private readonly SqliteWriter _writer;
    private readonly Task _writing;
    private volatile bool _closed;

    private SqliteStateStore(SqliteStoreOptions options, StoreDirectoryLock directoryLock, ILogger logger)
    {
        _options = options;
        _lock = directoryLock;
        SqliteFile.Prepare(options.Directory);
        _book = new SqliteBook(options);
        _writer = new SqliteWriter(_book, logger);
        _writing = Task.Run(_writer.RunAsync);
    }

    /// <exception cref="StoreFaultException">
    /// Another process has the directory, or its file is not one that this build knows.
    /// </exception>
    public static SqliteStateStore Open(SqliteStoreOptions options, ILogger logger)
    {
        Directory.CreateDirectory(options.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var directoryLock = StoreDirectoryLock.Take(options.Directory);
        try
        {
            return new SqliteStateStore(options, directoryLock, logger);
        }
        catch (Exception e)
        {
            directoryLock.Dispose();
            throw e is SqliteException or IOException or UnauthorizedAccessException
                ? new StoreFaultException($"the store in {options.Directory} cannot be opened: {e.Message}", e)
                : e;
        }
    }

    public async ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_closed, this);
        var state = _book.State;
        if (at is not { } revision || revision == state.Revision)
        {
            return state.List(prefix);
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(revision, state.Revision, nameof(at));
        return await ReadHistoryAsync(reader => SqliteHistory.ListAt(reader, prefix, revision), stop);
    }

    public async ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop)
    {
        CommitLimits.Demand(commit);
        stop.ThrowIfCancellationRequested();
        var request = new CommitRequest(commit, stop);
        await _writer.SendAsync(request, stop);
        return await request.Outcome.WaitAsync(stop);
    }

    public async IAsyncEnumerable<StoreChanges> WatchAsync(
        string prefix, Revision after, [EnumeratorCancellation] CancellationToken stop)
    {
        if (after < _book.Compacted)
        {
            throw new StoreCompactedException(_book.Compacted);
        }

        while (!stop.IsCancellationRequested)
        {
            var raised = _book.Changed.Count;
            ObjectDisposedException.ThrowIf(_closed, this);
            var look = _book.Recent.Look(after);
            if (look == RecentLook.Nothing)
            {
                await _book.Changed.WaitAsync(raised, stop);
                continue;
            }

            var from = after;
            var seen = look.Batch ?? await ReadHistoryAsync(r => SqliteHistory.ChangesAfter(r, from, look.BehindOf!.Value), stop);
            after = seen.Revision;
            ImmutableArray<StoreChange> mine =
                [.. seen.Changes.Where(c => c.Modified > from && c.Key.StartsWith(prefix, StringComparison.Ordinal))];
            if (!mine.IsEmpty)
            {
                yield return new StoreChanges(after, mine);
            }
        }
    }

    public async ValueTask CompactAsync(Revision upTo, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var request = new CompactRequest(upTo, stop);
        await _writer.SendAsync(request, stop);
        await request.Done.WaitAsync(stop);
    }

    /// <summary>Writes what was asked for before, then lets go of the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _writer.Close();
        try
        {
            await _writing;
        }
        finally
        {
            _book.Changed.Raise();
            _book.Dispose();
            _lock.Dispose();
        }
    }

    private async Task<T> ReadHistoryAsync<T>(Func<SqliteConnection, T> read, CancellationToken stop)
    {
        try
        {
            return await Task.Run(
                () =>
                {
                    using var reader = SqliteFile.OpenReader(_options.Directory);
                    return read(reader);
                },
                stop);
        }
        catch (SqliteException e)
        {
            throw new StoreFaultException($"the store's history in {_options.Directory} cannot be read: {e.Message}", e);
        }
    }
}
