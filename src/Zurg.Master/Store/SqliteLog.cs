using Microsoft.Data.Sqlite;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>The writer's connection and its prepared statements. One thread at a time.</summary>
internal sealed class SqliteLog : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _append;
    private readonly SqliteStatement _forget;
    private readonly SqliteStatement _mark;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;

    public SqliteLog(SqliteStoreOptions options)
    {
        _connection = SqliteFile.OpenWriter(options);
        _begin = new SqliteStatement(_connection, "BEGIN IMMEDIATE");
        _append = new SqliteStatement(_connection, "INSERT INTO versions (id, key, value) VALUES (?, ?, ?)");
        _forget = new SqliteStatement(_connection, "DELETE FROM versions WHERE id = ?");
        _mark = new SqliteStatement(_connection, "UPDATE marks SET revision = ? WHERE name = ?");
        _commit = new SqliteStatement(_connection, "COMMIT");
        _rollback = new SqliteStatement(_connection, "ROLLBACK");
    }

    public LoadedStore Load() => SqliteHistory.Load(_connection);

    public void Begin() => _begin.Run();

    public void Append(VersionId id, StoreChange change) =>
        _append.Bind(1, id.Value).Bind(2, change.Key).Bind(3, change.Value).Run();

    /// <summary>For a revision that leaves no row behind; otherwise the last row tells.</summary>
    public void MarkRevision(Revision revision) => _mark.Bind(1, revision.Value).Bind(2, "revision").Run();

    public void Forget(CompactionBite bite)
    {
        foreach (var id in bite.Rows)
        {
            _forget.Bind(1, id.Value).Run();
        }

        _mark.Bind(1, bite.Compacted.Value).Bind(2, "compacted").Run();
    }

    /// <summary>Durable when it returns.</summary>
    public void Commit() => _commit.Run();

    /// <summary>False when only opening the file anew tells what it holds.</summary>
    public bool TryRollBack()
    {
        try
        {
            // Some errors have rolled back already: https://www.sqlite.org/lang_transaction.html section 2.3.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            {
                _rollback.Run();
            }

            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var statement in (SqliteStatement[])[_begin, _append, _forget, _mark, _commit, _rollback])
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }
}
