using Zurg.Loops;
using static Zurg.Tests.Loops.Store.StoreTestExtensions;

namespace Zurg.Tests.Loops.Store;

public abstract partial class StateStoreConformance
{
    [Fact]
    public async Task A_watch_begins_after_its_revision_and_sees_removals()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"), Put("b", "1"));
        var second = await store.CommitAsync(Put("b", "2"), Remove("a"));
        var third = await store.CommitAsync(Put("end", "3"));
        var seen = await store.WatchUntilAsync("", first, "end");
        Assert.Equal(
            [$"a=-@{second}", $"b=2@{second}", $"end=3@{third}"],
            seen.SelectMany(s => s.Changes).Select(c => c.Line()).Order(StringComparer.Ordinal));
        Assert.Equal(third, seen[^1].Revision);
    }

    [Fact]
    public async Task A_watch_of_a_prefix_sees_nothing_else()
    {
        var store = await NewStoreAsync();
        var start = (await store.ListAsync()).Revision;
        await store.CommitAsync(Put("facts/a", "1"), Put("specs/a", "1"));
        await store.CommitAsync(Put("specs/b", "2"));
        await store.CommitAsync(Put("facts", "3"));
        await store.CommitAsync(Put("facts/end", "4"), Remove("specs/a"));
        var seen = await store.WatchUntilAsync("facts/", start, "facts/end");
        Assert.Equal(["facts/a", "facts/end"], seen.SelectMany(s => s.Changes).Select(c => c.Key));
        Assert.All(seen, s => Assert.False(s.Changes.IsEmpty));
    }

    [Fact]
    public async Task A_waiting_watch_is_told_at_once()
    {
        var store = await NewStoreAsync();
        var watch = store.WatchUntilAsync("", (await store.ListAsync()).Revision, "end");
        await store.CommitAsync(Put("a", "1"));
        await store.CommitAsync(Put("end", "2"));
        Assert.Equal(["a", "end"], (await watch).SelectMany(s => s.Changes).Select(c => c.Key));
    }

    [Fact]
    public async Task Removing_what_is_not_there_is_no_change()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"));
        await store.CommitAsync(Remove("nothing"));
        await store.CommitAsync(Put("end", "3"));
        Assert.Equal(["end"], (await store.WatchUntilAsync("", first, "end")).SelectMany(s => s.Changes).Select(c => c.Key));
    }

    [Fact]
    public async Task Watches_see_every_commit_once_whole_and_in_order_while_many_write()
    {
        const int writers = 8;
        const int commitsEach = 60;
        var store = await NewStoreAsync();
        var start = (await store.ListAsync()).Revision;
        var early = store.WatchUntilAsync("w/", start, "w/end");
        var writing = Enumerable.Range(0, writers).Select(async writer =>
        {
            for (var i = 0; i < commitsEach; i++)
            {
                await store.CommitAsync(Put($"w/{writer}", $"{i}"), Put("w/shared", $"{writer}.{i}"), Put("x", "other"));
            }
        }).ToArray();
        var middle = await store.CommitAsync(Put("w/middle", ""));
        var late = store.WatchUntilAsync("w/", middle, "w/end");
        await Task.WhenAll(writing);
        var end = await store.CommitAsync(Put("w/end", ""));

        var all = (await early).SelectMany(s => s.Changes).ToArray();
        Assert.Equal((writers * commitsEach * 2) + 2, all.Length);
        var revisions = all.GroupBy(c => c.Modified).ToArray();
        Assert.Equal(
            Enumerable.Range(1, (writers * commitsEach) + 2).Select(i => start.Value + i), revisions.Select(r => r.Key.Value));
        Assert.All(revisions, r => Assert.Equal(r.Key == middle || r.Key == end ? 1 : 2, r.Count()));
        Assert.All(await early, s => Assert.True(s.Changes[^1].Modified <= s.Revision));
        var shown = (await late).SelectMany(s => s.Changes).Select(c => c.Line());
        Assert.Equal(all.Where(c => c.Modified > middle).Select(c => c.Line()), shown);
        AssertWholeCommits(await early);
    }

    [Fact]
    public async Task Changes_that_are_compacted_cannot_be_watched()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"));
        var second = await store.CommitAsync(Put("a", "2"));
        await store.CommitAsync(Put("end", "3"));
        await store.CompactAsync(second, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<StoreCompactedException>(() => store.WatchUntilAsync("", first, "end"));
        Assert.Equal(second, refused.Oldest);
        Assert.Single(await store.WatchUntilAsync("", second, "end"));
    }

    [Fact]
    public async Task A_watch_that_is_stopped_ends_quietly()
    {
        var store = await NewStoreAsync();
        var start = (await store.ListAsync()).Revision;
        using var stop = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            await foreach (var changes in store.WatchAsync("", start, stop.Token))
            {
                // Stopped while it waits for more.
                stop.CancelAfter(TimeSpan.FromMilliseconds(10));
            }
        });
        await store.CommitAsync(Put("a", "1"));
        await watch.WaitAsync(Deadline);
        await foreach (var changes in store.WatchAsync("", start, new CancellationToken(canceled: true)))
        {
            Assert.Fail("a watch stopped from the start says nothing");
        }
    }

    [Fact]
    public async Task A_watch_of_the_future_waits_for_it()
    {
        var store = await NewStoreAsync();
        var first = await store.CommitAsync(Put("a", "1"));
        var watch = store.WatchUntilAsync("", first.Next, "end");
        await store.CommitAsync(Put("a", "2"));
        await store.CommitAsync(Put("end", "3"));
        Assert.Equal(["end"], (await watch).SelectMany(s => s.Changes).Select(c => c.Key));
    }

    private static void AssertWholeCommits(List<StoreChanges> seen)
    {
        for (var i = 1; i < seen.Count; i++)
        {
            Assert.True(seen[i].Changes[0].Modified > seen[i - 1].Revision, "a commit is never cut in two");
        }
    }
}
