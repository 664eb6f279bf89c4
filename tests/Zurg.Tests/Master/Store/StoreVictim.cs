using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Loops;
using Zurg.Master.Store;
using Zurg.Tests.Loops.Store;
using static Zurg.Tests.Loops.Store.StoreTestExtensions;

namespace Zurg.Tests.Master.Store;

/// <summary>
/// Commits from many writers until it is killed; prints each commit after it was acknowledged: revision, key, value.
/// </summary>
internal static class StoreVictim
{
    private const int Writers = 16;
    private const int KeysEach = 5;

    public static async Task<int> RunAsync(string directory)
    {
        // A short history, so that compaction runs while it is killed.
        var options = new SqliteStoreOptions(directory) { History = new StoreHistoryLimits(RevisionsMax: 500) };
        await using var store = SqliteStateStore.Open(options, NullLogger.Instance);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(store, writer))));
        return 0;
    }

    private static async Task WriteAsync(SqliteStateStore store, int writer)
    {
        for (var i = 0L; ; i++)
        {
            var key = $"w/{writer}/{i % KeysEach}";
            var value = $"{i}";
            var revision = await store.CommitAsync(Put(key, value), Put($"last/{writer}", value));

            // One write to the pipe: a line is whole or not there.
            Console.Out.WriteLine($"{revision} {key} {value}");
        }
    }
}
