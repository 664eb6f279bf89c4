using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>
/// The truth in memory and on disk, moved forward together: commit (durable), then publish (visible). Used by the writer only,
/// except for what it has published. After a doubtful error it reads the file anew, since a commit that failed may have landed.
/// </summary>
internal sealed class SqliteBook : IDisposable
{
    // Compaction waits until so many revisions are due, then takes at least as many rows as it would to keep up.
    private const int CompactionRevisionsMin = 256;
    private const int CompactionRowsMin = 512;

    private readonly SqliteStoreOptions _options;
    private SqliteLog? _log;
    private VersionLedger _ledger;
    private StoreState _state;
    private long _compacted;

    /// <exception cref="StoreFaultException">The file cannot be read.</exception>
    public SqliteBook(SqliteStoreOptions options)
    {
        _options = options;
        (_log, var loaded) = Open();
        (_state, _ledger, _compacted) = (loaded.State, loaded.Ledger, loaded.Compacted.Value);
        Recent = new RecentChanges(loaded.State.Revision);
    }

    public RecentChanges Recent { get; }

    public Signal Changed { get; } = new();

    public StoreState State => Volatile.Read(ref _state);

    public Revision Compacted => new(Volatile.Read(ref _compacted));

    /// <summary>One transaction for all; each checked against those before it. What it returns is durable.</summary>
    /// <exception cref="StoreFaultException">None is known to have been written.</exception>
    public ImmutableArray<CommitOutcome> Write(List<CommitRequest> group)
    {
        var log = Reopened();
        var draft = new StoreDraft(_state);
        var changes = new List<StoreChange>();
        var outcomes = ImmutableArray.CreateBuilder<CommitOutcome>(group.Count);
        foreach (var request in group)
        {
            outcomes.Add(draft.Apply(request.Commit, changes));
        }

        if (draft.Revision > _state.Revision)
        {
            var upTo = _ledger.DueUpTo(_options.History, draft.Revision);
            var isDue = upTo.Value - _compacted >= CompactionRevisionsMin;
            var bite = isDue ? _ledger.NextBite(Math.Max(CompactionRowsMin, 2 * changes.Count), upTo) : null;
            Transact(log, changes, draft.Revision, bite);
            Publish(draft.ToState(), changes, bite);
        }

        return outcomes.DrainToImmutable();
    }

    /// <summary>
    /// True when everything up to the revision is forgotten; a small bite at a time, so that commits do not wait long.
    /// </summary>
    /// <exception cref="StoreFaultException">Nothing is known to have been forgotten.</exception>
    public bool Compact(Revision upTo)
    {
        var log = Reopened();
        upTo = upTo < _state.Revision ? upTo : _state.Revision;
        if (upTo.Value > _compacted)
        {
            var bite = _ledger.NextBite(CompactionRowsMin, upTo);
            Transact(log, [], _state.Revision, bite);
            Forget(bite);
        }

        return upTo.Value <= _compacted;
    }

    /// <summary>The newest revision that the file holds, after a fault.</summary>
    /// <exception cref="StoreFaultException">The file cannot be read.</exception>
    public Revision ReadBack()
    {
        Reopened();
        return _state.Revision;
    }

    public void Dispose() => _log?.Dispose();

    private SqliteLog Reopened()
    {
        if (_log is null)
        {
            (_log, var loaded) = Open();
            _ledger = loaded.Ledger;
            Volatile.Write(ref _compacted, loaded.Compacted.Value);
            if (loaded.State.Revision != _state.Revision)
            {
                Volatile.Write(ref _state, loaded.State);
                Recent.Restart(loaded.State.Revision);
                Changed.Raise();
            }
        }

        return _log;
    }

    private (SqliteLog Log, LoadedStore Loaded) Open()
    {
        SqliteLog? log = null;
        try
        {
            log = new SqliteLog(_options);
            return (log, log.Load());
        }
        catch (SqliteException e)
        {
            log?.Dispose();
            throw new StoreFaultException($"the store in {_options.Directory} cannot be read: {e.Message}", e);
        }
    }

    private void Transact(SqliteLog log, List<StoreChange> changes, Revision revision, CompactionBite? bite)
    {
        try
        {
            log.Begin();
            foreach (var (change, id) in Numbered(changes))
            {
                log.Append(id, change);
            }

            if (bite is not null || changes.Count == 0 || changes[^1].Modified != revision)
            {
                log.MarkRevision(revision);
            }

            if (bite is not null)
            {
                log.Forget(bite);
            }

            log.Commit();
        }
        catch (SqliteException e)
        {
            // A full disk is known to have written nothing; anything else is looked up in the file.
            if (!log.TryRollBack() || e.SqliteErrorCode != SQLitePCL.raw.SQLITE_FULL)
            {
                _log = null;
                log.Dispose();
            }

            throw new StoreFaultException($"the store in {_options.Directory} could not write: {e.Message}", e);
        }
    }

    private void Publish(StoreState state, List<StoreChange> changes, CompactionBite? bite)
    {
        foreach (var (change, id) in Numbered(changes))
        {
            _ledger.Append(id, change.Key, change.Value?.Length);
        }

        Forget(bite);
        Volatile.Write(ref _state, state);
        Recent.Publish(new StoreChanges(state.Revision, [.. changes]));
        Changed.Raise();
    }

    private void Forget(CompactionBite? bite)
    {
        if (bite is not null)
        {
            _ledger.Forget(bite);
            Volatile.Write(ref _compacted, bite.Compacted.Value);
        }
    }

    private static IEnumerable<(StoreChange Change, VersionId Id)> Numbered(List<StoreChange> changes)
    {
        var place = 0;
        for (var i = 0; i < changes.Count; i++)
        {
            place = i > 0 && changes[i - 1].Modified == changes[i].Modified ? place + 1 : 0;
            yield return (changes[i], VersionId.At(changes[i].Modified, place));
        }
    }
}
