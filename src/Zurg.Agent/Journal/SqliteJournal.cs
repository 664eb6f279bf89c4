using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Data.Sqlite;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Journal;

/// <summary>
/// What survives the agent: one SQLite file in its directory, one transaction a commit. Used by one loop alone.
/// The epoch of each run is at least the second it began in: an agent whose directory was wiped, or restored from a backup, is
/// newer than each of its earlier runs, and so are the numbers of its events, which masters keep once (<see cref="IEventLog"/>).
/// </summary>
/// <param name="boot">The kernel's boot id: under another one than before, what was not durable may be lost.</param>
internal sealed class SqliteJournal(string directory, HostId host, string boot, TimeProvider time) : IAgentJournal, IDisposable
{
    private const string EpochCounter = "epoch";
    private const string EventCounter = "last_event";
    private const string IncarnationCounter = "last_incarnation";
    private const string ReservedCounter = "incarnations_reserved";
    private const string BootCounter = "boot";

    // Statements are compiled once: that takes longer than running them.
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private SqliteConnection? _connection;
    private JournalRoom? _room;
    private bool _durable = true;

    /// <inheritdoc/>
    /// <exception cref="SqliteException">The file cannot be opened or written; a damaged one is moved aside instead.</exception>
    public ValueTask<AgentJournalContent> LoadAsync(CancellationToken stop)
    {
        var unreadable = ImmutableArray.CreateBuilder<string>();
        Dispose();
        _connection = JournalFile.Open(directory, out var aside);
        if (aside is not null)
        {
            unreadable.Add(aside);
        }

        var before = EpochFile.Read(directory).Value;
        if (aside is null && before > 0 && Counter(EpochCounter) == 0)
        {
            aside = "the journal is empty though an agent has worked in this directory: it was cut or deleted; "
                + "what still runs is known by its environment alone, and nothing of it was killed";
            unreadable.Add(aside);
        }

        var known = Math.Max(Counter(EpochCounter), before);
        var epoch = new Epoch(Math.Max(known + 1, time.GetUtcNow().ToUnixTimeSeconds()));
        WriteEpoch(epoch);
        SetDurable(true);
        InTransaction(() =>
        {
            SetCounter(EpochCounter, epoch.Value);
            if (known == 0 || aside is not null)
            {
                // Numbers that an earlier incarnation had must not come again; seconds outrun any count of starts.
                SetCounter(IncarnationCounter, time.GetUtcNow().ToUnixTimeSeconds());
            }
            else if (Counter(BootCounter) != Boot)
            {
                SetCounter(IncarnationCounter, Math.Max(Counter(IncarnationCounter), Counter(ReservedCounter)));
            }

            SetCounter(BootCounter, Boot);
        });

        _room = new JournalRoom(Path.Combine(directory, JournalFile.Name));
        if (!_room.IsWhole)
        {
            unreadable.Add(
                "no room could be set aside for the journal: while the disk is full, nothing that ends is started again");
        }

        var instances = Records("instances", JournalJson.Default.InstanceState, unreadable)
            .Select(i => KeyValuePair.Create(i.Assigned.Instance, i));
        var state = new AgentState
        {
            Host = host,
            Assignment = Records("assignment", JournalJson.Default.Assignment, unreadable).FirstOrDefault(),
            Instances = ImmutableSortedDictionary.CreateRange(instances),
            Events = [.. Records("events", JournalJson.Default.EventRecord, unreadable)],
            LastEvent = Counter(EventCounter),
            LastIncarnation = new Incarnation(Counter(IncarnationCounter)),
            IncarnationsReserved = new Incarnation(Counter(ReservedCounter)),
        };
        return ValueTask.FromResult(new AgentJournalContent(epoch, state, unreadable.ToImmutable()));
    }

    public ValueTask WriteAsync(AgentCommit commit, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        SetDurable(commit.Durable);
        InTransaction(() => Write(commit));
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _commands.Clear();
        _connection?.Dispose();
        _room?.Dispose();
        _room = null;
    }

    /// <summary>The journal has it too: on a full disk an agent starts without.</summary>
    private void WriteEpoch(Epoch epoch)
    {
        try
        {
            EpochFile.Write(directory, epoch);
        }
        catch (IOException) when (Counter(EpochCounter) > 0)
        {
            // The file is for the day when the journal is lost; the one of before says nearly as much.
        }
    }

    private SqliteConnection Connection => _connection ?? throw new InvalidOperationException("the journal was not loaded yet");

    private long Boot => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(boot)));

    /// <summary>All or nothing.</summary>
    private void InTransaction(Action write)
    {
        Run("BEGIN IMMEDIATE");
        try
        {
            write();
            Run("COMMIT");
        }
        catch
        {
            TakeBack();
            throw;
        }
    }

    private void TakeBack()
    {
        try
        {
            Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A full disk may have ended the transaction already.
        }
    }

    private void Write(AgentCommit commit)
    {
        foreach (var (instance, record) in commit.Records)
        {
            Write(instance, record);
        }

        if (commit.Assignment is { } assignment)
        {
            var value = JsonSerializer.Serialize(assignment, JournalJson.Default.Assignment);
            Run("INSERT OR REPLACE INTO assignment VALUES (1, $value)", 1, value);
        }

        foreach (var record in commit.Events)
        {
            Run("INSERT OR REPLACE INTO events VALUES ($key, $value)", record.Id,
                JsonSerializer.Serialize(record, JournalJson.Default.EventRecord));
        }

        if (commit.EventsKept is not null || !commit.Events.IsEmpty)
        {
            // The state's list is the truth: masters keep what is before it, or it was dropped for being too much.
            Run("DELETE FROM events WHERE id < $key", commit.State.Events is [var oldest, ..] ? oldest.Id : long.MaxValue);
        }

        SetCounter(EventCounter, commit.State.LastEvent);
        SetCounter(IncarnationCounter, commit.State.LastIncarnation.Value);
        SetCounter(ReservedCounter, commit.State.IncarnationsReserved.Value);
    }

    private void Write(InstanceId instance, InstanceState? record)
    {
        if (record is null)
        {
            Run("DELETE FROM instances WHERE id = $key", instance.Value);
        }
        else
        {
            Run("INSERT OR REPLACE INTO instances VALUES ($key, $value)", instance.Value,
                JsonSerializer.Serialize(record, JournalJson.Default.InstanceState));
        }
    }

    /// <summary>With NORMAL a commit in WAL mode survives this process, not a power loss (PRAGMA synchronous).</summary>
    private void SetDurable(bool durable)
    {
        if (_durable != durable)
        {
            JournalFile.Run(Connection, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
            _durable = durable;
        }
    }

    private long Counter(string name)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = "SELECT value FROM counters WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        return command.ExecuteScalar() as long? ?? 0;
    }

    private void SetCounter(string name, long value) => Run("INSERT OR REPLACE INTO counters VALUES ($key, $value)", name, value);

    /// <param name="sql">One of a few fixed texts: each is compiled once and kept.</param>
    private void Run(string sql, object? key = null, object? value = null)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = Connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.Add(new SqliteParameter("$key", null));
            command.Parameters.Add(new SqliteParameter("$value", null));
            _commands.Add(sql, command);
        }

        command.Parameters[0].Value = key ?? DBNull.Value;
        command.Parameters[1].Value = value ?? DBNull.Value;
        command.ExecuteNonQuery();
    }

    /// <summary>One record that cannot be read is set aside and told; the others count.</summary>
    private List<T> Records<T>(string table, JsonTypeInfo<T> type, ImmutableArray<string>.Builder unreadable)
    {
        var records = new List<T>();
        var bad = new List<(object Key, string Json, string Why)>();
        using (var command = Connection.CreateCommand())
        {
            command.CommandText = $"SELECT id, json FROM {table} ORDER BY id";
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                var json = rows.GetString(1);
                try
                {
                    records.Add(JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null"));
                }
                catch (JsonException e)
                {
                    bad.Add((rows.GetValue(0), json, e.Message));
                }
            }
        }

        foreach (var (key, json, why) in bad)
        {
            InTransaction(() =>
            {
                Run($"INSERT INTO unreadable (kind, name, json) VALUES ('{table}', $key, $value)", key, json);
                Run($"DELETE FROM {table} WHERE id = $key", key);
            });
            unreadable.Add($"the journal's record {key} of {table} cannot be read and is kept aside: {why}");
        }

        return records;
    }
}
