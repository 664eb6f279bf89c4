using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>
/// The file of <see cref="ConfigHistory"/>: versions, texts by digest, what the newest were made from, what is unread.
/// </summary>
internal sealed class ConfigTable : IDisposable
{
    private const int CorruptError = 11;
    private const int NotADatabaseError = 26;

    private const string Schema =
        """
        PRAGMA journal_mode=WAL;
        PRAGMA synchronous=NORMAL;
        CREATE TABLE IF NOT EXISTS texts (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS versions (
            number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, file TEXT NOT NULL, at INTEGER NOT NULL,
            digest TEXT NOT NULL, bytes INTEGER NOT NULL, by_hand INTEGER NOT NULL, why TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS versions_of ON versions (instance, file, number);
        CREATE INDEX IF NOT EXISTS versions_with ON versions (digest);
        CREATE TABLE IF NOT EXISTS inputs (instance TEXT PRIMARY KEY, json TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS unread (instance TEXT NOT NULL, file TEXT NOT NULL, PRIMARY KEY (instance, file));
        """;

    /// <summary>The number of the newest generated text of its file: never removed.</summary>
    private const string NewestOfFile =
        "(SELECT MAX(n.number) FROM versions n WHERE n.instance = v.instance AND n.file = v.file AND n.by_hand = 0)";

    private const string Columns = "v.number, v.instance, v.file, v.at, v.digest, v.bytes, v.by_hand, v.why";

    private readonly SqliteConnection _connection;

    static ConfigTable() => SQLitePCL.Batteries_V2.Init();

    private ConfigTable(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens or makes it. A damaged one is put aside under the name .damaged; an earlier one there is lost.</summary>
    /// <exception cref="SqliteException">It cannot be opened for another reason.</exception>
    public static ConfigTable Open(string path)
    {
        try
        {
            return Connect(path);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is CorruptError or NotADatabaseError)
        {
            File.Delete(path + "-wal");
            File.Delete(path + "-shm");
            File.Move(path, path + ".damaged", overwrite: true);
            return Connect(path);
        }
    }

    public (long Number, Digest Digest)? Newest(InstanceId instance, string file) => Read(
        "SELECT number, digest FROM versions WHERE instance = $1 AND file = $2 AND by_hand = 0 ORDER BY number DESC LIMIT 1",
        row => ((long, Digest)?)(row.GetInt64(0), Id.Parse<Digest>(row.GetString(1))), instance.Value, file).FirstOrDefault();

    public bool Knows(InstanceId instance, string file, Digest digest) => Read(
        "SELECT 1 FROM versions WHERE instance = $1 AND file = $2 AND digest = $3 AND by_hand = 0 LIMIT 1",
        _ => true, instance.Value, file, digest.Value).Count > 0;

    /// <returns>Its number.</returns>
    public long Add(ConfigVersion version, byte[] body)
    {
        using var transaction = _connection.BeginTransaction();
        Run("INSERT OR IGNORE INTO texts (digest, size, body) VALUES ($1, $2, $3)", version.Digest.Value, body.Length, body);
        var number = Read(
            "INSERT INTO versions (instance, file, at, digest, bytes, by_hand, why) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                + "RETURNING number",
            row => row.GetInt64(0), version.Instance.Value, version.File, version.At.ToUnixTimeMilliseconds(),
            version.Digest.Value, version.Bytes, version.ByHand ? 1 : 0, version.Why).Single();
        Run(
            "DELETE FROM versions AS v WHERE instance = $1 AND file = $2 AND number <> " + NewestOfFile + " AND number <= "
                + "(SELECT number FROM versions WHERE instance = $1 AND file = $2 ORDER BY number DESC LIMIT 1 OFFSET $3)",
            version.Instance.Value, version.File, ConfigHistory.PerFileMax);
        Bound();
        transaction.Commit();
        return number;
    }

    public void Remove(long number)
    {
        using var transaction = _connection.BeginTransaction();
        Run("DELETE FROM versions WHERE number = $1", number);
        RemoveUnused();
        transaction.Commit();
    }

    /// <summary>Newest first.</summary>
    public ImmutableArray<ConfigVersion> List(InstanceId instance, int most) =>
    [
        .. Read(
            $"SELECT {Columns} FROM versions v WHERE instance = $1 ORDER BY number DESC LIMIT $2", VersionOf,
            instance.Value, most),
    ];

    public (ConfigVersion Version, byte[] Body)? Find(InstanceId instance, long number) => Read(
        $"SELECT {Columns}, t.body FROM versions v JOIN texts t ON t.digest = v.digest WHERE v.instance = $1 AND v.number = $2",
        row => ((ConfigVersion, byte[])?)(VersionOf(row), row.GetFieldValue<byte[]>(8)), instance.Value, number).FirstOrDefault();

    public ImmutableSortedDictionary<string, string>? InputsOf(InstanceId instance) =>
        Read("SELECT json FROM inputs WHERE instance = $1", row => row.GetString(0), instance.Value).FirstOrDefault() is { } json
            ? JsonSerializer.Deserialize(json, WireJson.Default.ImmutableSortedDictionaryStringString)
                ?.WithComparers(StringComparer.Ordinal)
            : null;

    public void PutInputs(InstanceId instance, ImmutableSortedDictionary<string, string> inputs)
    {
        var json = JsonSerializer.Serialize(inputs, WireJson.Default.ImmutableSortedDictionaryStringString);
        Run(
            "INSERT INTO inputs (instance, json) VALUES ($1, $2) ON CONFLICT (instance) DO UPDATE SET json = $2",
            instance.Value, json);
    }

    public ImmutableSortedSet<string> Unread(InstanceId instance) => Read(
        "SELECT file FROM unread WHERE instance = $1", row => row.GetString(0), instance.Value)
        .ToImmutableSortedSet(StringComparer.Ordinal);

    public void AddUnread(InstanceId instance, string file) =>
        Run("INSERT OR IGNORE INTO unread (instance, file) VALUES ($1, $2)", instance.Value, file);

    public void RemoveUnread(InstanceId instance) => Run("DELETE FROM unread WHERE instance = $1", instance.Value);

    public void Dispose() => _connection.Dispose();

    private static ConfigVersion VersionOf(SqliteDataReader row) => new()
    {
        Number = row.GetInt64(0),
        Instance = InstanceId.Parse(row.GetString(1)),
        File = row.GetString(2),
        At = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)),
        Digest = Id.Parse<Digest>(row.GetString(4)),
        Bytes = row.GetInt32(5),
        ByHand = row.GetInt64(6) != 0,
        Why = row.GetString(7),
    };

    private static ConfigTable Connect(string path)
    {
        // Without the pool a closed file is closed: it may have to be moved.
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using var command = connection.CreateCommand();
            command.CommandText = Schema;
            command.ExecuteNonQuery();
            return new ConfigTable(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Of all files together: the oldest goes until the rest fits.</summary>
    private void Bound()
    {
        RemoveUnused();
        for (var left = ConfigHistory.PerFileMax; left > 0 && IsTooMuch(); left--)
        {
            // Many at a time: a large one that came in may weigh as much as a thousand small ones.
            var removed = Run(
                "DELETE FROM versions WHERE number IN "
                    + $"(SELECT v.number FROM versions v WHERE v.number <> {NewestOfFile} ORDER BY v.number LIMIT 200)");
            RemoveUnused();
            if (removed == 0)
            {
                return;
            }
        }
    }

    private bool IsTooMuch() =>
        Read("SELECT COALESCE(SUM(size), 0) FROM texts", row => row.GetInt64(0)).Single() > ConfigHistory.BytesMax
        || Read("SELECT COUNT(*) FROM versions", row => row.GetInt64(0)).Single() > ConfigHistory.VersionsMax;

    private void RemoveUnused() => Run("DELETE FROM texts WHERE digest NOT IN (SELECT digest FROM versions)");

    private int Run(string sql, params ReadOnlySpan<object> values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private List<T> Read<T>(string sql, Func<SqliteDataReader, T> one, params ReadOnlySpan<object> values)
    {
        using var command = Command(sql, values);
        using var rows = command.ExecuteReader();
        var found = new List<T>();
        while (rows.Read())
        {
            found.Add(one(rows));
        }

        return found;
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<object> values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i + 1}"), values[i]);
        }

        return command;
    }
}
