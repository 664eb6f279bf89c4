using Zurg.Loops;
using Zurg.Master.Roles;

namespace Zurg.Tests.Master.Roles;

public sealed class RoleTakingTests
{
    [Fact]
    public async Task Each_taking_has_a_newer_epoch_and_ends_the_one_before()
    {
        var store = new MemoryStateStore();
        var first = await TakeAsync(store);
        Assert.IsType<CommitOutcome.Committed>(await WriteAsync(store, first));

        var second = await TakeAsync(store);

        Assert.Equal((1L, 2L), (first.Epoch.Value, second.Epoch.Value));
        Assert.IsType<CommitOutcome.Refused>(await WriteAsync(store, first));
        Assert.IsType<CommitOutcome.Committed>(await WriteAsync(store, second));
    }

    [Fact]
    public async Task Of_many_takers_at_once_each_gets_an_epoch_of_its_own()
    {
        var store = new MemoryStateStore();
        var guards = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => TakeAsync(store))));
        Assert.Equal([1L, 2L, 3L, 4L, 5L], guards.Select(g => g.Epoch.Value).Order());
    }

    private static Task<RoleGuard> TakeAsync(MemoryStateStore store) =>
        RoleTaking.TakeAsync(store, "decider", "me", DateTimeOffset.UnixEpoch, CancellationToken.None);

    private static ValueTask<CommitOutcome> WriteAsync(MemoryStateStore store, RoleGuard guard) =>
        store.CommitAsync(new StoreCommit([guard.Expectation], [new StoreWrite("a", "1"u8.ToArray())]), CancellationToken.None);
}
