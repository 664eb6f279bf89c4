using Microsoft.Data.Sqlite;

namespace Zurg.Agent.Journal;

/// <summary>One SQLite file with its schema, or what is wrong with it.</summary>
internal static class JournalFile
{
    public const string Name = "journal.db";

    private const int CorruptError = 11;
    private const int NotADatabaseError = 26;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS assignment (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS instances (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, json TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS unreadable (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL);
        """;

    static JournalFile() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Opens or creates it.</summary>
    /// <param name="aside">Where a damaged one was moved, in words; null when it was sound.</param>
    /// <exception cref="SqliteException">It could not be opened for another reason: disk full, not permitted.</exception>
    public static SqliteConnection Open(string directory, out string? aside)
    {
        var path = Path.Combine(directory, Name);
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path);
            var check = Text(connection, "PRAGMA quick_check(1)");
            if (check == "ok")
            {
                aside = null;
                return Prepared(connection);
            }

            aside = check;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is CorruptError or NotADatabaseError)
        {
            aside = e.Message;
        }

        connection?.Dispose();
        var kept = MoveAside(path);
        aside = $"the journal was damaged ({aside}) and is kept as {kept}; "
            + "what still runs is known by its environment alone, and nothing of it was killed";
        return Prepared(Connect(path));
    }

    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path)
    {
        // Without the pool a closed file is closed: it may have to be moved.
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Text(connection, "PRAGMA journal_mode=WAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteConnection Prepared(SqliteConnection connection)
    {
        Run(connection, "PRAGMA synchronous=FULL");
        Run(connection, Schema);
        return connection;
    }

    private static string Text(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as string ?? "";
    }

    private static string MoveAside(string path)
    {
        var number = 1;
        while (File.Exists($"{path}.broken-{number}"))
        {
            number++;
        }

        var kept = $"{path}.broken-{number}";
        File.Move(path, kept);
        foreach (var suffix in (string[])["-wal", "-shm"])
        {
            if (File.Exists(path + suffix))
            {
                File.Move(path + suffix, kept + suffix);
            }
        }

        return kept;
    }
}
