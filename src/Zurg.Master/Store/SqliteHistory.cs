using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>Reads the past from the file. A row that a reader sees is durable: SQLite shows it after the fsync.</summary>
internal static class SqliteHistory
{
    // A page of history is read into memory at once.
    private const int PageRowsMax = 1_000;
    private const long PageBytesMax = 4 * 1024 * 1024;

    /// <summary>What the file holds; the start of everything.</summary>
    public static LoadedStore Load(SqliteConnection connection)
    {
        var ledger = new VersionLedger();
        var newest = Mark(connection, "revision");
        newest = Max(newest, ReadLedger(connection, ledger, new VersionId(long.MaxValue)));
        var entries = ReadEntries(connection, ledger, prefix: "");
        var state = new StoreState(newest, StoreState.Empty.Entries.AddRange(entries.Select(e => KeyValuePair.Create(e.Key, e))));
        return new LoadedStore(state, ledger, Mark(connection, "compacted"));
    }

    /// <exception cref="StoreCompactedException">The revision is older than what is kept.</exception>
    public static StoreSnapshot ListAt(SqliteConnection connection, string prefix, Revision at)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        DemandKept(connection, at);
        var ledger = new VersionLedger();
        ReadLedger(connection, ledger, VersionId.FirstAfter(at));
        var entries = ReadEntries(connection, ledger, prefix);
        return new StoreSnapshot(at, [.. entries.OrderBy(e => e.Key, StringComparer.Ordinal)]);
    }

    /// <summary>One page of whole commits; its revision tells how far it goes, at most to <paramref name="upTo"/>.</summary>
    /// <exception cref="StoreCompactedException">Changes after the revision are gone.</exception>
    public static StoreChanges ChangesAfter(SqliteConnection connection, Revision after, Revision upTo)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        DemandKept(connection, after);
        using var rows = new SqliteStatement(
            connection, "SELECT id, key, value FROM versions WHERE id >= ? AND id < ? ORDER BY id");
        rows.Bind(1, VersionId.FirstAfter(after).Value).Bind(2, VersionId.FirstAfter(upTo).Value);
        var changes = ImmutableArray.CreateBuilder<StoreChange>();
        var bytes = 0L;
        while (rows.Read())
        {
            var revision = new VersionId(rows.Int64(0)).Revision;
            if ((changes.Count >= PageRowsMax || bytes >= PageBytesMax) && changes[^1].Modified != revision)
            {
                return new StoreChanges(changes[^1].Modified, changes.DrainToImmutable());
            }

            var change = new StoreChange(rows.Text(1), rows.Blob(2), revision);
            bytes += change.Value?.Length ?? 0;
            changes.Add(change);
        }

        return new StoreChanges(upTo, changes.DrainToImmutable());
    }

    private static void DemandKept(SqliteConnection connection, Revision revision)
    {
        var compacted = Mark(connection, "compacted");
        if (revision < compacted)
        {
            throw new StoreCompactedException(compacted);
        }
    }

    private static Revision Mark(SqliteConnection connection, string name)
    {
        using var mark = new SqliteStatement(connection, "SELECT revision FROM marks WHERE name = ?");
        return mark.Bind(1, name).Read()
            ? new Revision(mark.Int64(0))
            : throw new StoreFaultException($"the store's mark '{name}' is missing");
    }

    private static Revision ReadLedger(SqliteConnection connection, VersionLedger ledger, VersionId before)
    {
        // length() does not read a value's overflow pages.
        using var rows = new SqliteStatement(connection, "SELECT id, key, length(value) FROM versions WHERE id < ? ORDER BY id");
        rows.Bind(1, before.Value);
        var newest = default(Revision);
        while (rows.Read())
        {
            var id = new VersionId(rows.Int64(0));
            ledger.Append(id, rows.Text(1), rows.IsNull(2) ? null : (int)rows.Int64(2));
            newest = id.Revision;
        }

        return newest;
    }

    private static List<StoreEntry> ReadEntries(SqliteConnection connection, VersionLedger ledger, string prefix)
    {
        var entries = new List<StoreEntry>();
        using var row = new SqliteStatement(connection, "SELECT value FROM versions WHERE id = ?");
        foreach (var (key, id) in ledger.Current)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal) && row.Bind(1, id.Value).Read())
            {
                entries.Add(new StoreEntry(key, row.Blob(0) ?? default, id.Revision));
            }

            row.Reset();
        }

        return entries;
    }

    private static Revision Max(Revision a, Revision b) => a > b ? a : b;
}

internal sealed record LoadedStore(StoreState State, VersionLedger Ledger, Revision Compacted);
