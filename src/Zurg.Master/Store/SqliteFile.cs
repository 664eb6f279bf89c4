using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Zurg.Loops;

namespace Zurg.Master.Store;

/// <summary>
/// The database file: made whole under another name, then renamed, so that a file which is there is one that was finished; and
/// judged by its header before SQLite touches it.
/// </summary>
internal static class SqliteFile
{
    // "Zurg": tells our file from any other program's.
    private const int ApplicationId = 0x5a757267;
    private const int SchemaVersion = 1;

    // Offsets in the SQLite file header: https://www.sqlite.org/fileformat2.html section 1.3.
    private const int HeaderBytes = 100;
    private const int UserVersionAt = 60;
    private const int ApplicationIdAt = 68;
    private const int PageBytes = 4096;

    // A version's id is a VersionId: rows are only ever appended at the table's end, which keeps a commit to one or two pages.
    private const string Schema = """
        PRAGMA journal_mode = WAL;
        BEGIN;
        CREATE TABLE versions (id INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB);
        CREATE TABLE marks (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO marks VALUES ('revision', 0), ('compacted', 0);
        PRAGMA application_id = 0x5a757267;
        PRAGMA user_version = 1;
        COMMIT;
        """;

    static SqliteFile() => SQLitePCL.Batteries_V2.Init();

    /// <exception cref="StoreFaultException">The file is not ours or is newer than this build.</exception>
    public static void Prepare(string directory)
    {
        var path = PathIn(directory);
        if (File.Exists(path))
        {
            DemandOurs(path);
            return;
        }

        var unfinished = path + ".new";
        foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"])
        {
            File.Delete(unfinished + suffix);
        }

        using (var connection = Connect(unfinished, SqliteOpenMode.ReadWriteCreate))
        {
            Run(connection, Schema);
        }

        // Closing moves the log into the file, but does not say when it could not.
        if (File.Exists(unfinished + "-wal"))
        {
            throw new StoreFaultException($"{unfinished} could not be finished: is the disk full?");
        }

        File.Move(unfinished, path);
    }

    /// <summary>The writer's connection: durable at every commit, also when the power fails.</summary>
    public static SqliteConnection OpenWriter(SqliteStoreOptions options)
    {
        var connection = Connect(PathIn(options.Directory), SqliteOpenMode.ReadWrite);
        Run(connection, $"PRAGMA synchronous = FULL; PRAGMA max_page_count = {options.FileBytesMax / PageBytes};");
        return connection;
    }

    public static SqliteConnection OpenReader(string directory) => Connect(PathIn(directory), SqliteOpenMode.ReadOnly);

    private static string PathIn(string directory) => Path.Combine(directory, "store.db");

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        // Pooling would keep the file open after Dispose.
        var source = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false };
        var connection = new SqliteConnection(source.ToString());
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void DemandOurs(string path)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var read = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        if (read < HeaderBytes || !header.StartsWith("SQLite format 3\0"u8)
            || BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdAt..]) != ApplicationId)
        {
            throw new StoreFaultException($"{path} is no store of Zurg: move it away or name another directory");
        }

        var version = BinaryPrimitives.ReadInt32BigEndian(header[UserVersionAt..]);
        if (version != SchemaVersion)
        {
            throw new StoreFaultException(
                $"{path} has schema {version} and this build knows {SchemaVersion}: start the build that wrote it");
        }
    }
}
