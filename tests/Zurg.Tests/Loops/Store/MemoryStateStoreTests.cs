using Zurg.Loops;
using static Zurg.Tests.Loops.Store.StoreTestExtensions;

namespace Zurg.Tests.Loops.Store;

public sealed class MemoryStateStoreTests : StateStoreConformance
{
    private protected override Task<IStateStore> NewStoreAsync() => Task.FromResult<IStateStore>(new MemoryStateStore());

    [Fact]
    public async Task It_forgets_by_itself_what_is_older_than_its_limit()
    {
        var store = new MemoryStateStore(new StoreHistoryLimits(RevisionsMax: 10));
        var first = await store.CommitAsync(Put("a", "0"));
        for (var i = 1; i <= 10; i++)
        {
            await store.CommitAsync(Put("a", $"{i}"));
        }

        Assert.Equal("0", (await store.ListAsync("", first)).Entries[0].Text());
        await store.CommitAsync(Put("a", "11"));
        await Assert.ThrowsAsync<StoreCompactedException>(() => store.ListAsync("", first));
    }
}
