using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Zurg.Protocol;

namespace Zurg.Master.Events;

/// <summary>The table of the event log: all of its SQL.</summary>
internal sealed class EventTable : IDisposable
{
    /// <summary>Events between two looks at the limits: less often than each write, often enough for any bound.</summary>
    private const int TrimEvery = 500;

    /// <summary>Removed at once; a look goes on until nothing is over a limit.</summary>
    private const int TrimBite = 2_000;

    /// <summary>Of one sentence. Agents say less; what is longer is cut, so that no host can fill the log alone.</summary>
    private const int TextMax = 4_000;

    private readonly SqliteConnection _connection;
    private readonly EventRetention _retention;
    private readonly TimeProvider _time;
    private int _untrimmed = TrimEvery;

    static EventTable() => SQLitePCL.Batteries_V2.Init();

    private EventTable(SqliteConnection connection, EventRetention retention, TimeProvider time) =>
        (_connection, _retention, _time) = (connection, retention, time);

    public static EventTable Open(string connectionString, EventRetention retention, TimeProvider time)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                pragma journal_mode = wal;
                pragma synchronous = full;
                pragma journal_size_limit = 67108864;
                create table if not exists events (
                    id integer primary key autoincrement, at integer not null, kind text not null, service text, instance text,
                    host text, text text not null, agent text, number integer);
                create unique index if not exists events_of_agents on events (agent, number) where agent is not null;
                create index if not exists events_in_time on events (at, id);
                create index if not exists events_of_services_in_time on events (service, at, id);
                create index if not exists events_of_instances_in_time on events (instance, at, id);
                create index if not exists events_of_hosts_in_time on events (host, at, id);
                drop index if exists events_of_services;
                drop index if exists events_of_instances;
                drop index if exists events_of_hosts;
                """;
            command.ExecuteNonQuery();
            AddColumn(command, "details text");
            AddColumn(command, "heard integer");
            return new EventTable(connection, retention, time);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>All or none. An event whose agent and number are there already is left out.</summary>
    public void Insert(IEnumerable<(HostId? Agent, ImmutableArray<EventRecord> Events)> appends)
    {
        using var transaction = _connection.BeginTransaction();
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            """
            insert into events (at, kind, service, instance, host, text, agent, number, details, heard)
            values ($at, $kind, $service, $instance, $host, $text, $agent, $number, $details, $heard)
            on conflict (agent, number) where agent is not null do nothing
            """;
        var heard = _time.GetUtcNow().UtcTicks;
        foreach (var (agent, events) in appends)
        {
            _untrimmed += events.Length;
            foreach (var record in events)
            {
                command.Parameters.Clear();
                command.Parameters.AddWithValue("$at", record.At.UtcTicks);
                command.Parameters.AddWithValue("$kind", WireEnum.NameOf(record.Kind));
                command.Parameters.AddWithValue("$service", OrNull((record.Service ?? record.Instance?.Service)?.Value));
                command.Parameters.AddWithValue("$instance", OrNull(record.Instance?.Value));
                command.Parameters.AddWithValue("$host", OrNull((record.Host ?? agent)?.Value));
                command.Parameters.AddWithValue(
                    "$text", record.Text.Length <= TextMax ? record.Text : record.Text[..TextMax] + "...");
                command.Parameters.AddWithValue("$details", OrNull(EventDetails.JsonOf(record)));
                command.Parameters.AddWithValue("$heard", heard);
                command.Parameters.AddWithValue("$agent", OrNull(agent?.Value));
                command.Parameters.AddWithValue("$number", agent is null ? DBNull.Value : record.Id);
                command.ExecuteNonQuery();
            }
        }

        if (_untrimmed >= Math.Min(TrimEvery, _retention.EventsMax / 10))
        {
            Trim(command);
            _untrimmed = 0;
        }

        transaction.Commit();
    }

    public static ImmutableArray<EventRecord> Query(SqliteConnection connection, EventQuery query)
    {
        using var command = connection.CreateCommand();
        var newest = query.Since is null;
        var conditions = new List<string> { "id > $since", "at >= $from" };
        command.Parameters.AddWithValue("$since", query.Since ?? 0);
        command.Parameters.AddWithValue("$from", query.From?.UtcTicks ?? 0);
        Filter("service", query.Service?.Value);
        Filter("instance", query.Instance?.Value);
        Filter("host", query.Host?.Value);
        if (!query.Kinds.IsEmpty)
        {
            conditions.Add($"kind in ({string.Join(", ", query.Kinds.Select((_, i) => $"$kind{i}"))})");
            for (var i = 0; i < query.Kinds.Length; i++)
            {
                command.Parameters.AddWithValue($"$kind{i}", WireEnum.NameOf(query.Kinds[i]));
            }
        }

        command.Parameters.AddWithValue("$limit", query.Limit);
#pragma warning disable CA2100 // Only the constants of this method are put together; every value is a parameter.
        command.CommandText =
            $"select id, at, kind, service, instance, host, text, details from events where {string.Join(" and ", conditions)} "
            + $"order by {(newest ? "at desc, id desc" : "id asc")} limit $limit";
#pragma warning restore CA2100
        var events = Read(command);
        return newest ? [.. events.Reverse()] : events;

        void Filter(string column, string? value)
        {
            if (value is not null)
            {
                conditions.Add($"{column} = ${column}");
                command.Parameters.AddWithValue($"${column}", value);
            }
        }
    }

    /// <summary>The newest id; 0 when there is none.</summary>
    public static long LastId(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select max(id) from events";
        return command.ExecuteScalar() as long? ?? 0;
    }

    public void Dispose() => _connection.Dispose();

    private static ImmutableArray<EventRecord> Read(SqliteCommand command)
    {
        var events = ImmutableArray.CreateBuilder<EventRecord>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var details = reader.IsDBNull(7) ? null : EventDetails.Read(reader.GetString(7));
            events.Add(new EventRecord
            {
                Id = reader.GetInt64(0),
                At = new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero),
                Kind = WireEnum.TryParse<EventKind>(reader.GetString(2), out var kind) ? kind : EventKind.Unknown,
                Service = reader.IsDBNull(3) ? null : new ServiceName(reader.GetString(3)),
                Instance = reader.IsDBNull(4) ? null : InstanceId.Wrap(reader.GetString(4)),
                Host = reader.IsDBNull(5) ? null : new HostId(reader.GetString(5)),
                Text = reader.GetString(6),
                Start = details?.Start,
                Exit = details?.Exit,
            });
        }

        return events.ToImmutable();
    }

    private void Trim(SqliteCommand command)
    {
        Remove(
            command, "id in (select id from events order by id limit $bite) and id <= (select max(id) from events) - $most",
            _retention.EventsMax);
        Remove(
            command, "id in (select id from events order by id limit $bite) and coalesce(heard, at) < $most",
            (_time.GetUtcNow() - _retention.AgeMax).UtcTicks);
        while (BytesInUse(command) > _retention.BytesMax
            && Once(command, "id in (select id from events order by id limit $bite) and 0 < $most", 1) > 0)
        {
            // The pages that it gives back are used again; the file shrinks by nobody's wish but VACUUM's.
        }
    }

    private static void Remove(SqliteCommand command, string which, long most)
    {
        while (Once(command, which, most) == TrimBite)
        {
            // Bite after bite: all that is over the limit goes, and never more than a bite is held in memory.
        }
    }

    private static int Once(SqliteCommand command, string which, long most)
    {
        command.Parameters.Clear();
#pragma warning disable CA2100 // One of the constants of Trim.
        command.CommandText = "delete from events where " + which;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$bite", TrimBite);
        command.Parameters.AddWithValue("$most", most);
        return command.ExecuteNonQuery();
    }

    private static long BytesInUse(SqliteCommand command)
    {
        return (Pragma("page_count") - Pragma("freelist_count")) * Pragma("page_size");

        long Pragma(string name)
        {
            command.Parameters.Clear();
            command.CommandText = "pragma " + name;
            return (long)command.ExecuteScalar()!;
        }
    }

    /// <summary>Logs of earlier builds lack it.</summary>
    private static void AddColumn(SqliteCommand command, string column)
    {
        command.CommandText = "select count(*) from pragma_table_info('events') where name = $name";
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$name", column.Split(' ')[0]);
        if ((long)command.ExecuteScalar()! == 0)
        {
            command.Parameters.Clear();
#pragma warning disable CA2100 // A constant of Open.
            command.CommandText = "alter table events add column " + column;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }
    }

    private static object OrNull(string? text) => text is null ? DBNull.Value : text;
}
