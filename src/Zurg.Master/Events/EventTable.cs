using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Zurg.Protocol;

namespace Zurg.Master.Events;

/// <summary>The table of the event log: all of its SQL.</summary>
internal sealed class EventTable : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly int _eventsMax;

    static EventTable() => SQLitePCL.Batteries_V2.Init();

    private EventTable(SqliteConnection connection, int eventsMax) => (_connection, _eventsMax) = (connection, eventsMax);

    public static EventTable Open(string connectionString, int eventsMax)
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
                create table if not exists events (
                    id integer primary key autoincrement, at integer not null, kind text not null, service text, instance text,
                    host text, text text not null, agent text, number integer);
                create unique index if not exists events_of_agents on events (agent, number) where agent is not null;
                create index if not exists events_of_services on events (service, id);
                create index if not exists events_of_instances on events (instance, id);
                create index if not exists events_of_hosts on events (host, id);
                """;
            command.ExecuteNonQuery();
            AddColumn(command, "details");
            return new EventTable(connection, eventsMax);
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
            insert into events (at, kind, service, instance, host, text, agent, number, details)
            values ($at, $kind, $service, $instance, $host, $text, $agent, $number, $details)
            on conflict (agent, number) where agent is not null do nothing
            """;
        foreach (var (agent, events) in appends)
        {
            foreach (var record in events)
            {
                command.Parameters.Clear();
                command.Parameters.AddWithValue("$at", record.At.UtcTicks);
                command.Parameters.AddWithValue("$kind", WireEnum.NameOf(record.Kind));
                command.Parameters.AddWithValue("$service", OrNull((record.Service ?? record.Instance?.Service)?.Value));
                command.Parameters.AddWithValue("$instance", OrNull(record.Instance?.Value));
                command.Parameters.AddWithValue("$host", OrNull((record.Host ?? agent)?.Value));
                command.Parameters.AddWithValue("$text", record.Text);
                command.Parameters.AddWithValue("$details", OrNull(EventDetails.JsonOf(record)));
                command.Parameters.AddWithValue("$agent", OrNull(agent?.Value));
                command.Parameters.AddWithValue("$number", agent is null ? DBNull.Value : record.Id);
                command.ExecuteNonQuery();
            }
        }

        Trim(command);
        transaction.Commit();
    }

    public static ImmutableArray<EventRecord> Query(SqliteConnection connection, EventQuery query)
    {
        using var command = connection.CreateCommand();
        var newest = query.Since is null;
        var conditions = new List<string> { "id > $since" };
        command.Parameters.AddWithValue("$since", query.Since ?? 0);
        Filter("service", query.Service?.Value);
        Filter("instance", query.Instance?.Value);
        Filter("host", query.Host?.Value);
        command.Parameters.AddWithValue("$limit", query.Limit);
#pragma warning disable CA2100 // Only the constants of this method are put together; every value is a parameter.
        command.CommandText =
            $"select id, at, kind, service, instance, host, text, details from events where {string.Join(" and ", conditions)} "
            + $"order by id {(newest ? "desc" : "asc")} limit $limit";
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
        command.Parameters.Clear();
        command.CommandText = "delete from events where id <= (select max(id) from events) - $max";
        command.Parameters.AddWithValue("$max", _eventsMax);
        command.ExecuteNonQuery();
    }

    /// <summary>Logs of earlier builds lack it.</summary>
    private static void AddColumn(SqliteCommand command, string column)
    {
        command.CommandText = "select count(*) from pragma_table_info('events') where name = $name";
        command.Parameters.AddWithValue("$name", column);
        var known = (long)command.ExecuteScalar()! > 0;
        command.Parameters.Clear();
        if (!known)
        {
            command.CommandText = $"alter table events add column {column} text";
            command.ExecuteNonQuery();
        }
    }

    private static object OrNull(string? text) => text is null ? DBNull.Value : text;
}
