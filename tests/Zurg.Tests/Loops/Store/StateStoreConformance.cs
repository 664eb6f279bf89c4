using Zurg.Loops;
using Zurg.Protocol;
using static Zurg.Tests.Loops.Store.StoreTestExtensions;

namespace Zurg.Tests.Loops.Store;

/// <summary>What every store promises: commits, expectations, lists and compaction. Watches are in the other half.</summary>
public abstract partial class StateStoreConformance
{
    /// <summary>An empty store. Its first revision may be any: nothing here counts from zero.</summary>
    private protected abstract Task<IStateStore> NewStoreAsync();

    [Fact]
    public async Task A_commit_is_listed_with_its_revision()
    {
        var store = await NewStoreAsync();
        var revision = await store.CommitAsync(Put("facts/b", "2"), Put("facts/a", "1"), Put("other", "3"));
        var listed = await store.ListAsync("facts/");
        Assert.Equal(revision, listed.Revision);
        Assert.Equal([$"facts/a=1@{revision}", $"facts/b=2@{revision}"], listed.Lines());
        Assert.Equal(3, (await store.ListAsync()).Entries.Length);
    }

    [Fact]
    public async Task Keys_are_listed_in_ordinal_order()
    {
        var store = await NewStoreAsync();
        await store.CommitAsync(Put("b", ""), Put("B", ""), Put("a/b", ""), Put("a", ""), Put("a-b", ""), Put("_", ""));
        Assert.Equal(["B", "_", "a", "a-b", "a/b", "b"], (await store.ListAsync()).Entries.Select(e => e.Key));
    }

    [Fact]
    public async Task The_revision_grows_by_one_with_each_commit()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"), Put("b", "1"));
        Assert.Equal(first.Next, await store.CommitAsync(Put("a", "2")));
        Assert.Equal(first.Next.Next, await store.CommitAsync(Remove("a")));
        Assert.Equal(first.Next.Next, (await store.ListAsync()).Revision);
    }

    [Fact]
    public async Task An_empty_value_is_a_value()
    {
        var store = await NewStoreAsync();
        var revision = await store.CommitAsync(Put("a", ""));
        Assert.Equal([$"a=@{revision}"], (await store.ListAsync()).Lines());
        Assert.Equal(["a=@" + revision], (await store.ListAsync("", revision)).Lines());
    }

    [Fact]
    public async Task A_writer_may_use_its_buffer_again()
    {
        var store = await NewStoreAsync();
        var buffer = "before"u8.ToArray();
        await store.CommitAsync(new StoreWrite("a", buffer));
        "after!"u8.CopyTo(buffer);
        Assert.Equal("before", (await store.ListAsync()).Entries[0].Text());
    }

    [Fact]
    public async Task An_expected_absent_key_must_be_absent()
    {
        var store = await NewStoreAsync();
        var created = Assert.IsType<CommitOutcome.Committed>(
            await store.TryAsync([Expect("a", default)], Put("a", "1"))).Revision;
        Assert.Equal(["a"], Conflicts(await store.TryAsync([Expect("a", default)], Put("a", "2"))));
        Assert.Equal([$"a=1@{created}"], (await store.ListAsync()).Lines());
    }

    [Fact]
    public async Task An_expected_revision_must_be_the_last_one()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"));
        var second = await store.TryAsync([Expect("a", first)], Put("a", "2"));
        Assert.Equal(first.Next, Assert.IsType<CommitOutcome.Committed>(second).Revision);
        Assert.Equal(["a"], Conflicts(await store.TryAsync([Expect("a", first)], Put("a", "3"))));
        Assert.Equal(["a"], Conflicts(await store.TryAsync([Expect("a", first.Next.Next)], Put("a", "3"))));
    }

    [Fact]
    public async Task A_removed_key_is_absent()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"));
        await store.CommitAsync(Remove("a"));
        Assert.Empty((await store.ListAsync()).Entries);
        Assert.Equal(["a"], Conflicts(await store.TryAsync([Expect("a", first)], Put("a", "2"))));
        Assert.IsType<CommitOutcome.Committed>(await store.TryAsync([Expect("a", default)], Put("a", "2")));
    }

    [Fact]
    public async Task A_refused_commit_names_every_conflict_and_writes_nothing()
    {
        var store = await NewStoreAsync();
        var revision = await store.CommitAsync(Put("a", "1"), Put("b", "1"), Put("c", "1"));
        var outcome = await store.TryAsync(
            [Expect("a", default), Expect("b", revision), Expect("c", revision.Next), Expect("d", revision)],
            Put("b", "2"), Put("e", "2"));
        Assert.Equal(["a", "c", "d"], Conflicts(outcome).Order(StringComparer.Ordinal));
        var listed = await store.ListAsync();
        Assert.Equal(revision, listed.Revision);
        Assert.Equal(["a", "b", "c"], listed.Entries.Select(e => e.Key));
        Assert.All(listed.Entries, e => Assert.Equal(revision, e.Modified));
    }

    [Fact]
    public async Task A_race_for_one_key_has_one_winner_each_time()
    {
        var store = await NewStoreAsync();
        var wins = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async writer =>
        {
            for (var i = 0; i < 20; i++)
            {
                var seen = (await store.ListAsync("counter")).Entries;
                var value = seen.IsEmpty ? 0 : int.Parse(seen[0].Text());
                var expectation = Expect("counter", seen.IsEmpty ? default : seen[0].Modified);
                var outcome = await store.TryAsync(
                    [expectation], Put("counter", $"{value + 1}"), Put($"writer/{writer}", $"{i}"));
                Interlocked.Add(ref wins, outcome is CommitOutcome.Committed ? 1 : 0);
            }
        }));
        Assert.Equal($"{wins}", (await store.ListAsync("counter")).Entries[0].Text());
    }

    [Fact]
    public async Task An_older_revision_can_be_listed()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"), Put("b", "1"));
        var second = await store.CommitAsync(Put("a", "2"), Remove("b"), Put("c", "2"));
        await store.CommitAsync(Put("b", "3"));
        var old = await store.ListAsync("", first);
        Assert.Equal(first, old.Revision);
        Assert.Equal([$"a=1@{first}", $"b=1@{first}"], old.Lines());
        Assert.Equal([$"a=2@{second}", $"c=2@{second}"], (await store.ListAsync("", second)).Lines());
        Assert.Equal([$"b=1@{first}"], (await store.ListAsync("b", first)).Lines());
    }

    [Fact]
    public async Task A_revision_of_the_future_cannot_be_listed()
    {
        var store = await NewStoreAsync();
        var revision = await store.CommitAsync(Put("a", "1"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.ListAsync("", revision.Next));
    }

    [Fact]
    public async Task Compaction_keeps_what_is_current_and_refuses_what_was_before()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("old", "1"), Put("a", "1"), Put("gone", "1"));
        var second = await store.CommitAsync(Put("a", "2"), Remove("gone"));
        var third = await store.CommitAsync(Put("a", "3"));
        await store.CompactAsync(second, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<StoreCompactedException>(() => store.ListAsync("", first));
        Assert.Equal(second, refused.Oldest);
        Assert.Equal([$"a=2@{second}", $"old=1@{first}"], (await store.ListAsync("", second)).Lines());
        Assert.Equal([$"a=3@{third}", $"old=1@{first}"], (await store.ListAsync()).Lines());
        Assert.Equal(third.Next, await store.CommitAsync(Put("b", "4")));
    }

    [Fact]
    public async Task Compaction_up_to_an_older_or_a_coming_revision_does_no_harm()
    {
        var store = await NewStoreAsync();
        await store.CommitAsync(Put("a", "1"));
        var second = await store.CommitAsync(Put("a", "2"));
        await store.CompactAsync(new Revision(second.Value + 100), CancellationToken.None);
        await store.CompactAsync(new Revision(1), CancellationToken.None);
        Assert.Equal([$"a=2@{second}"], (await store.ListAsync("", second)).Lines());
        Assert.Equal(second.Next, await store.CommitAsync(Put("a", "3")));
        Assert.Equal([$"a=2@{second}"], (await store.ListAsync("", second)).Lines());
    }

    [Fact]
    public async Task A_commit_at_the_limits_is_taken_and_one_over_is_an_argument_error()
    {
        var store = await NewStoreAsync();
        StoreWrite[] hundred = [.. Enumerable.Range(0, StoreCommit.OperationsMax).Select(i => Put($"k{i:d3}", "v"))];
        await store.CommitAsync(hundred);
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryAsync([Expect("x", default)], hundred));
        await store.CommitAsync(new StoreWrite("k", new byte[StoreCommit.BytesMax - 1]));
        await Assert.ThrowsAsync<ArgumentException>(
            () => store.TryAsync([], new StoreWrite("k", new byte[StoreCommit.BytesMax])));
        await store.CommitAsync(Put(new string('k', StoreCommit.KeyCharsMax), "v"));
        await Assert.ThrowsAsync<ArgumentException>(
            () => store.TryAsync([], Put(new string('k', StoreCommit.KeyCharsMax + 1), "v")));
        Assert.Equal(StoreCommit.OperationsMax + 2, (await store.ListAsync()).Entries.Length);
    }

    [Fact]
    public async Task A_commit_that_makes_no_sense_is_an_argument_error()
    {
        var store = await NewStoreAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryAsync([], Put("a", "1"), Put("a", "2")));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryAsync([Expect("a", default)]));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryAsync([], Put("", "1")));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryAsync([], Put("ü", "1")));
        Assert.Empty((await store.ListAsync()).Entries);
    }

    [Fact]
    public async Task What_was_cancelled_before_it_began_does_not_happen()
    {
        var store = await NewStoreAsync();
        var stop = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.CommitAsync(new StoreCommit([], [Put("a", "1")]), stop).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.ListAsync("", null, stop).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CompactAsync(new Revision(1), stop).AsTask());
        Assert.Empty((await store.ListAsync()).Entries);
    }

    private static string[] Conflicts(CommitOutcome outcome) => [.. Assert.IsType<CommitOutcome.Refused>(outcome).Conflicts];
}
