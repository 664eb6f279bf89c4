using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Loops;
using Zurg.Master.Store;
using Zurg.Protocol;
using Zurg.Tests.Loops.Store;
using static Zurg.Tests.Loops.Store.StoreTestExtensions;

namespace Zurg.Tests.Master.Store;

public sealed class SqliteStateStoreTests : StateStoreConformance, IAsyncLifetime
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("zurg-store-");
    private readonly List<SqliteStateStore> _open = [];

    // Each program opens a file of its own and waits for a disk.
    private protected override int ProgramsMax => 40;

    private string NextDirectory => Path.Combine(_root.FullName, $"{_open.Count}");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var store in _open)
        {
            await store.DisposeAsync();
        }

        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_closed_is_all_there_when_it_is_opened_again()
    {
        var directory = NextDirectory;
        var store = Open(directory);
        var first = await store.CommitAsync(Put("a", "1"), Put("b", "1"));
        var second = await store.CommitAsync(Put("a", "2"), Remove("b"));
        var third = await store.CommitAsync(Remove("nothing"));
        await store.DisposeAsync();

        store = Open(directory);
        var listed = await store.ListAsync();
        Assert.Equal(third, listed.Revision);
        Assert.Equal([$"a=2@{second}"], listed.Lines());
        Assert.Equal([$"a=1@{first}", $"b=1@{first}"], (await store.ListAsync("", first)).Lines());
        Assert.Equal(third.Next, await store.CommitAsync(Put("end", "4")));
        Assert.Equal(
            ["a", "b", "end"], (await store.WatchUntilAsync("", first, "end")).SelectMany(s => s.Changes).Select(c => c.Key));
    }

    [Fact]
    public async Task A_store_that_was_restored_as_the_operations_page_says_has_only_revisions_that_nobody_has_seen()
    {
        var directory = NextDirectory;
        var store = Open(directory);
        var first = await store.CommitAsync(Put("a", "1"), Put("b", "1"));
        var second = await store.CommitAsync(Put("a", "2"), Remove("b"));
        await store.DisposeAsync();

        const string command = "    sqlite3 /var/lib/zurg/master/store.db \"UPDATE ";
        var line = File.ReadLines(Path.Combine(Repository(), "docs/operations.md"))
            .Single(l => l.StartsWith(command, StringComparison.Ordinal));
        using (var file = new SqliteConnection($"Data Source={directory}/store.db;Pooling=False"))
        {
            file.Open();
            using var update = file.CreateCommand();
            update.CommandText = line.Split('"')[1];
            update.ExecuteNonQuery();
        }

        store = Open(directory);
        var listed = await store.ListAsync();
        const long skipped = 1_000_000_000;
        Assert.Equal(second.Value + skipped, listed.Revision.Value);
        Assert.Equal([$"a=2@{second.Value + skipped}"], listed.Lines());
        Assert.Equal(2, (await store.ListAsync("", new Revision(first.Value + skipped))).Entries.Length);
        Assert.Equal(listed.Revision.Next, await store.CommitAsync(Put("end", "4")));
    }

    private static string Repository([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../../.."));

    [Fact]
    public async Task Compaction_is_remembered_and_the_revision_too_when_nothing_is_left()
    {
        var directory = NextDirectory;
        var store = Open(directory);
        await store.CommitAsync(Put("a", "1"));
        var last = await store.CommitAsync(Remove("a"));
        await store.CompactAsync(last, CancellationToken.None);
        await store.DisposeAsync();

        store = Open(directory);
        Assert.Equal(last, (await store.ListAsync()).Revision);
        Assert.Empty((await store.ListAsync()).Entries);
        var compacted = await Assert.ThrowsAsync<StoreCompactedException>(() => store.ListAsync("", new Revision(1)));
        Assert.Equal(last, compacted.Oldest);
        Assert.Equal(last.Next, await store.CommitAsync(Put("a", "2")));
    }

    [Fact]
    public async Task A_refused_commit_in_a_group_does_not_disturb_the_others()
    {
        var store = Open(NextDirectory);
        var seen = await store.CommitAsync(Put("guard", "1"));

        // Started without waiting, so that they stand in one group behind the first one's fsync.
        var commits = Enumerable.Range(0, 300)
            .Select(i => store.TryAsync([Expect("guard", i % 3 == 1 ? seen.Next : seen)], Put($"k{i:d3}", "v")))
            .ToArray();
        var outcomes = await Task.WhenAll(commits);
        var revisions = outcomes.OfType<CommitOutcome.Committed>().Select(c => c.Revision.Value).ToArray();
        Assert.Equal(Enumerable.Range(1, 200).Select(i => seen.Value + i), revisions);
        Assert.All(outcomes.Where((_, i) => i % 3 == 1), o => Assert.IsType<CommitOutcome.Refused>(o));
        Assert.Equal(200, (await store.ListAsync("k")).Entries.Length);
    }

    [Fact]
    public async Task A_commit_sees_those_before_it_in_its_group()
    {
        var store = Open(NextDirectory);
        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => store.TryAsync([Expect("once", default)], Put("once", $"{i}"))));
        Assert.Single(outcomes.OfType<CommitOutcome.Committed>());
    }

    [Fact]
    public async Task A_slow_watcher_reads_on_from_the_file_and_misses_nothing()
    {
        const int commits = 6_000;
        var store = Open(NextDirectory);
        var start = (await store.ListAsync()).Revision;
        using var stop = new CancellationTokenSource(Deadline);
        await using var watch = store.WatchAsync("", start, stop.Token).GetAsyncEnumerator(stop.Token);
        await store.CommitAsync(Put("first", ""));
        Assert.True(await watch.MoveNextAsync());

        // More than the recent changes hold, while the watcher does not ask for more.
        await Task.WhenAll(Enumerable.Range(0, commits).Select(i => store.CommitAsync(Put($"k{i % 7}", $"{i}"))));
        var seen = new List<Revision>();
        while (seen.Count < commits && await watch.MoveNextAsync())
        {
            seen.AddRange(watch.Current.Changes.Select(c => c.Modified));
        }

        Assert.Equal(Enumerable.Range(2, commits).Select(i => start.Value + i), seen.Select(r => r.Value));
    }

    [Fact]
    public async Task Overwritten_versions_are_forgotten_by_themselves()
    {
        var store = Open(new SqliteStoreOptions(NextDirectory) { History = new StoreHistoryLimits(RevisionsMax: 100) });
        var kept = await store.CommitAsync(Put("kept", "for ever"));
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => store.CommitAsync(Put("hot", $"{i}"))));
        var last = await store.CommitAsync(Put("hot", "last"));
        var refused = await Assert.ThrowsAsync<StoreCompactedException>(() => store.ListAsync("", kept));
        Assert.True(refused.Oldest.Value <= last.Value - 100, "a hundred revisions are kept");
        Assert.Equal("for ever", (await store.ListAsync("kept", refused.Oldest)).Entries[0].Text());
    }

    [Fact]
    public async Task History_has_a_limit_of_bytes_as_well()
    {
        var store = Open(new SqliteStoreOptions(NextDirectory) { History = new StoreHistoryLimits(BytesMax: 100_000) });
        var first = await store.CommitAsync(Put("hot", new string('x', 1000)));
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => store.CommitAsync(Put("hot", new string('x', 1000)))));
        await store.CommitAsync(Put("hot", "last"));
        await Assert.ThrowsAsync<StoreCompactedException>(() => store.ListAsync("", first));
    }

    [Fact]
    public async Task A_full_disk_faults_the_commit_that_does_not_fit_and_no_other()
    {
        var directory = NextDirectory;
        var store = Open(new SqliteStoreOptions(directory) { FileBytesMax = 1_500_000 });
        await store.CommitAsync(new StoreWrite("first", new byte[1_000_000]));
        var small = Enumerable.Range(0, 20).Select(i => store.CommitAsync(Put($"before{i:d2}", "v"))).ToArray();
        var big = store.CommitAsync(new StoreWrite("big", new byte[1_000_000]));
        var after = Enumerable.Range(0, 20).Select(i => store.CommitAsync(Put($"later{i:d2}", "v"))).ToArray();
        await Task.WhenAll(small);
        await Task.WhenAll(after);
        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => big);
        Assert.Contains("full", fault.Message, StringComparison.Ordinal);
        var last = await store.CommitAsync(Put("goes", "on"));
        await store.DisposeAsync();

        store = Open(directory);
        Assert.Equal(last, (await store.ListAsync()).Revision);
        Assert.Equal(42, (await store.ListAsync()).Entries.Length);
        Assert.Equal(42, last.Value);
    }

    [Fact]
    public async Task A_second_opener_is_told_who_has_it()
    {
        var directory = NextDirectory;
        var store = Open(directory);
        var refused = Assert.Throws<StoreFaultException>(() => Open(directory));
        Assert.Contains($"process {Environment.ProcessId} has it open", refused.Message, StringComparison.Ordinal);
        await store.CommitAsync(Put("a", "1"));
    }

    [Fact]
    public void A_file_that_is_no_store_is_refused_and_left_alone()
    {
        var directory = Directory.CreateDirectory(NextDirectory);
        var file = Path.Combine(directory.FullName, "store.db");
        foreach (var content in (string[])["", "hello", new string('x', 5000), "SQLite format 3\0" + new string('\0', 200)])
        {
            File.WriteAllText(file, content);
            var fault = Assert.Throws<StoreFaultException>(() => Open(directory.FullName));
            Assert.Contains("no store of Zurg", fault.Message, StringComparison.Ordinal);
            Assert.Equal(content, File.ReadAllText(file));
        }
    }

    [Fact]
    public async Task A_file_of_a_newer_build_is_refused_and_left_alone()
    {
        var bytes = await CorruptAsync(at: 63, value: 2);
        var refused = Assert.Throws<StoreFaultException>(() => Open(Path.Combine(_root.FullName, "0")));
        Assert.Contains("schema 2", refused.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(_root.FullName, "0", "store.db")));
    }

    [Fact]
    public async Task A_damaged_file_is_a_fault_that_says_so()
    {
        // The kind of the first page after the header: no such kind exists.
        await CorruptAsync(at: 100, value: 0x77);
        var refused = Assert.Throws<StoreFaultException>(() => Open(Path.Combine(_root.FullName, "0")));
        Assert.Contains("malformed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_store_answers_nothing_more()
    {
        var store = Open(NextDirectory);
        var start = await store.CommitAsync(Put("a", "1"));
        var watch = store.WatchUntilAsync("", start, "end");
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.CommitAsync(Put("a", "2")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ListAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => watch.WaitAsync(Deadline));
    }

    private protected override Task<IStateStore> NewStoreAsync() => Task.FromResult<IStateStore>(Open(NextDirectory));

    private SqliteStateStore Open(string directory) => Open(new SqliteStoreOptions(directory));

    private SqliteStateStore Open(SqliteStoreOptions options)
    {
        var store = SqliteStateStore.Open(options, NullLogger.Instance);
        _open.Add(store);
        return store;
    }

    private async Task<byte[]> CorruptAsync(int at, byte value)
    {
        var directory = NextDirectory;
        var store = Open(directory);
        await store.CommitAsync(Put("a", "1"));
        await store.DisposeAsync();
        var file = Path.Combine(directory, "store.db");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[at] = value;
        await File.WriteAllBytesAsync(file, bytes);
        return bytes;
    }
}
