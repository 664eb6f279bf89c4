using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Usage;

/// <summary>The table of sightings: all of its SQL.</summary>
internal sealed class UseTable : IDisposable
{
    /// <summary>Sightings of one host: more than any agent keeps. The longest unheard go first.</summary>
    public const int LinesOfHostMax = 2 * UseBook.LinesMax;

    private readonly SqliteConnection _connection;

    static UseTable() => SQLitePCL.Batteries_V2.Init();

    private UseTable(SqliteConnection connection) => _connection = connection;

    public static UseTable Open(string connectionString)
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
                create table if not exists uses (
                    host text not null, service text not null, evidence text not null, client text not null,
                    first integer not null, last integer not null, heard integer not null, sighting text not null,
                    primary key (host, service, evidence, client)) without rowid;
                create index if not exists uses_of_services on uses (service);
                create table if not exists watches (host text primary key, since integer not null) without rowid;
                """;
            command.ExecuteNonQuery();
            return new UseTable(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>All or none, and durable. A client that is known goes on: its first time stays.</summary>
    public void Put(IEnumerable<(HostId Host, HostUses Uses)> words, DateTimeOffset now)
    {
        using var transaction = _connection.BeginTransaction();
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        foreach (var (host, uses) in words)
        {
            foreach (var sighting in uses.Sightings)
            {
                Put(command, host, sighting, now);
            }

            Put(command, host, uses.Since);
            Trim(command, host);
        }

        transaction.Commit();
    }

    /// <summary>What nobody has seen or heard of since.</summary>
    public void Forget(DateTimeOffset before)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "delete from uses where last < $before and heard < $before";
        command.Parameters.AddWithValue("$before", before.UtcTicks);
        command.ExecuteNonQuery();
    }

    public static ImmutableArray<KeptSighting> Of(SqliteConnection connection, ServiceName service)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            "select host, first, last, heard, sighting from uses where service = $service order by host, evidence, client";
        command.Parameters.AddWithValue("$service", service.Value);
        var all = ImmutableArray.CreateBuilder<KeptSighting>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var sighting = JsonSerializer.Deserialize(reader.GetString(4), WireJson.Default.UseSighting)!;
            all.Add(new KeptSighting(
                new HostId(reader.GetString(0)), sighting with { First = TimeAt(1), Last = TimeAt(2) }, TimeAt(3)));
        }

        return all.ToImmutable();

        DateTimeOffset TimeAt(int column) => new(reader.GetInt64(column), TimeSpan.Zero);
    }

    public static ImmutableArray<HostWatch> Watches(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select host, since from watches order by host";
        var all = ImmutableArray.CreateBuilder<HostWatch>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            all.Add(new HostWatch(new HostId(reader.GetString(0)), new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero)));
        }

        return all.ToImmutable();
    }

    public void Dispose() => _connection.Dispose();

    private static void Put(SqliteCommand command, HostId host, UseSighting sighting, DateTimeOffset now)
    {
        command.CommandText =
            """
            insert into uses (host, service, evidence, client, first, last, heard, sighting)
            values ($host, $service, $evidence, $client, $first, $last, $heard, $sighting)
            on conflict do update set
                first = min(first, excluded.first), last = max(last, excluded.last), heard = excluded.heard,
                sighting = excluded.sighting
            """;
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$host", host.Value);
        command.Parameters.AddWithValue("$service", sighting.Service.Value);
        command.Parameters.AddWithValue("$evidence", WireEnum.NameOf(sighting.Evidence));
        command.Parameters.AddWithValue("$client", UseClient.KeyOf(sighting));
        command.Parameters.AddWithValue("$first", sighting.First.UtcTicks);
        // A host whose clock is ahead must not keep a client for longer than others.
        command.Parameters.AddWithValue("$last", Math.Min(sighting.Last.UtcTicks, now.UtcTicks));
        command.Parameters.AddWithValue("$heard", now.UtcTicks);
        command.Parameters.AddWithValue("$sighting", JsonSerializer.Serialize(sighting, WireJson.Default.UseSighting));
        command.ExecuteNonQuery();
    }

    private static void Put(SqliteCommand command, HostId host, DateTimeOffset since)
    {
        command.CommandText =
            "insert into watches (host, since) values ($host, $since) on conflict do update set since = excluded.since";
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$host", host.Value);
        command.Parameters.AddWithValue("$since", since.UtcTicks);
        command.ExecuteNonQuery();
    }

    private static void Trim(SqliteCommand command, HostId host)
    {
        command.CommandText =
            """
            delete from uses where host = $host and (service, evidence, client) in (
                select service, evidence, client from uses where host = $host order by heard desc limit -1 offset $most)
            """;
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$host", host.Value);
        command.Parameters.AddWithValue("$most", LinesOfHostMax);
        command.ExecuteNonQuery();
    }
}
