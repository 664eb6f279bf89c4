using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Zurg.Master.Store;

/// <summary>
/// One prepared statement, used again and again. SqliteCommand makes a reader and binds objects at every call, which costs more
/// than the insert itself; this is the same library underneath without them.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle ?? throw new InvalidOperationException("the connection is closed");
        Demand(raw.sqlite3_prepare_v2(_database, sql, out _statement));
    }

    public SqliteStatement Bind(int index, long value)
    {
        Demand(raw.sqlite3_bind_int64(_statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, string value)
    {
        Demand(raw.sqlite3_bind_text(_statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlyMemory<byte>? value)
    {
        Demand(value switch
        {
            null => raw.sqlite3_bind_null(_statement, index),
            { IsEmpty: true } => raw.sqlite3_bind_zeroblob(_statement, index, 0),
            { } bytes => raw.sqlite3_bind_blob(_statement, index, bytes.Span),
        });
        return this;
    }

    /// <summary>
    /// True while there is a row. Call <see cref="Reset"/> or <see cref="Run"/> afterwards: an open row holds the read lock.
    /// </summary>
    /// <exception cref="SqliteException">The disk, the file or a limit.</exception>
    public bool Read()
    {
        var code = raw.sqlite3_step(_statement);
        if (code is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            Demand(code);
        }

        return code == raw.SQLITE_ROW;
    }

    public void Run()
    {
        try
        {
            Read();
        }
        finally
        {
            Reset();
        }
    }

    // Its code repeats what the last step already threw.
    public void Reset() => raw.sqlite3_reset(_statement);

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public ReadOnlyMemory<byte>? Blob(int column) =>
        IsNull(column) ? null : raw.sqlite3_column_blob(_statement, column).ToArray();

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public void Dispose() => _statement.Dispose();

    private void Demand(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
