using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Data.Sqlite;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Journal;

/// <summary>
/// What survives the agent: one SQLite file in its directory, one transaction a commit. Used by one loop alone.
/// The epoch of each run is at least the second it began in: an agent whose directory was wiped, or restored from a backup, is newer
/// than each of its earlier runs, and so are the numbers of its events, which masters keep once (<see cref="IEventLog"/>).
/// </summary>
internal sealed class SqliteJournal(string directory, HostId host, TimeProvider time) : IAgentJournal, IDisposable
{
    private const string EpochCounter = "epoch";
    private const string EventCounter = "last_event";
    private const string IncarnationCounter = "last_incarnation";

    private SqliteConnection? _connection;
    private bool _durable = true;

    /// <inheritdoc/>
    /// <exception cref="SqliteException">The file cannot be opened or written; a damaged one is moved aside instead.</exception>
    public ValueTask<AgentJournalContent> LoadAsync(CancellationToken stop)
    {
        var unreadable = ImmutableArray.CreateBuilder<string>();
        _connection?.Dispose();
        _connection = JournalFile.Open(directory, out var aside);
        if (aside is not null)
        {
            unreadable.Add(aside);
        }

        var known = Math.Max(Counter(EpochCounter), EpochFile.Read(directory).Value);
        var epoch = new Epoch(Math.Max(known + 1, time.GetUtcNow().ToUnixTimeSeconds()));
        EpochFile.Write(directory, epoch);
        SetDurable(true);
        using (var transaction = _connection.BeginTransaction())
        {
            SetCounter(EpochCounter, epoch.Value);
            if (known == 0 || aside is not null)
            {
                // Numbers that an earlier incarnation had must not come again; seconds outrun any count of starts.
                SetCounter(IncarnationCounter, time.GetUtcNow().ToUnixTimeSeconds());
            }

            transaction.Commit();
        }

        var instances = Records("instances", CoreJson.Default.InstanceState, unreadable).Select(i => KeyValuePair.Create(i.Assigned.Instance, i));
        var state = new AgentState
        {
            Host = host,
            Assignment = Records("assignment", CoreJson.Default.Assignment, unreadable).FirstOrDefault(),
            Instances = ImmutableSortedDictionary.CreateRange(instances),
            Events = [.. Records("events", CoreJson.Default.EventRecord, unreadable)],
            LastEvent = Counter(EventCounter),
            LastIncarnation = new Incarnation(Counter(IncarnationCounter)),
        };
        return ValueTask.FromResult(new AgentJournalContent(epoch, state, unreadable.ToImmutable()));
    }

    public ValueTask WriteAsync(AgentCommit commit, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        SetDurable(commit.Durable);
        using var transaction = Connection.BeginTransaction();
        foreach (var (instance, record) in commit.Records)
        {
            Write(instance, record);
        }

        if (commit.Assignment is { } assignment)
        {
            Run("INSERT OR REPLACE INTO assignment VALUES (1, $value)", 1, JsonSerializer.Serialize(assignment, CoreJson.Default.Assignment));
        }

        foreach (var record in commit.Events)
        {
            Run("INSERT OR REPLACE INTO events VALUES ($key, $value)", record.Id,
                JsonSerializer.Serialize(record, CoreJson.Default.EventRecord));
        }

        if (commit.EventsKept is not null || !commit.Events.IsEmpty)
        {
            // The state's list is the truth: masters keep what is before it, or it was dropped for being too much.
            Run("DELETE FROM events WHERE id < $key", commit.State.Events is [var oldest, ..] ? oldest.Id : long.MaxValue, "");
        }

        SetCounter(EventCounter, commit.State.LastEvent);
        SetCounter(IncarnationCounter, commit.State.LastIncarnation.Value);
        transaction.Commit();
        return ValueTask.CompletedTask;
    }

    public void Dispose() => _connection?.Dispose();

    private SqliteConnection Connection => _connection ?? throw new InvalidOperationException("the journal was not loaded yet");

    private void Write(InstanceId instance, InstanceState? record)
    {
        if (record is null)
        {
            Run("DELETE FROM instances WHERE id = $key", instance.Value, "");
        }
        else
        {
            Run("INSERT OR REPLACE INTO instances VALUES ($key, $value)", instance.Value,
                JsonSerializer.Serialize(record, CoreJson.Default.InstanceState));
        }
    }

    /// <summary>With NORMAL a commit in WAL mode is in the kernel's hands and survives this process, not the power (PRAGMA synchronous).</summary>
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

    private void Run(string sql, object key, object value)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$key", key);
        command.Parameters.AddWithValue("$value", value);
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
            using var transaction = Connection.BeginTransaction();
            Run($"INSERT INTO unreadable (kind, name, json) VALUES ('{table}', $key, $value)", key, json);
            Run($"DELETE FROM {table} WHERE id = $key", key, "");
            transaction.Commit();
            unreadable.Add($"the journal's record {key} of {table} cannot be read and is kept aside: {why}");
        }

        return records;
    }
}
