using System.Text;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Tests.Loops.Store;

/// <summary>Short words for what the store's tests say often.</summary>
internal static class StoreTestExtensions
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static StoreWrite Put(string key, string value) => new(key, Encoding.UTF8.GetBytes(value));

    public static StoreWrite Remove(string key) => new(key, Value: null);

    public static StoreExpectation Expect(string key, Revision modified) => new(key, modified);

    public static string? Text(this ReadOnlyMemory<byte>? value) =>
        value is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;

    public static string Text(this StoreEntry entry) => Encoding.UTF8.GetString(entry.Value.Span);

    public static string[] Lines(this StoreSnapshot snapshot) =>
        [.. snapshot.Entries.Select(e => $"{e.Key}={e.Text()}@{e.Modified}")];

    public static string Line(this StoreChange change) => $"{change.Key}={change.Value.Text() ?? "-"}@{change.Modified}";

    public static async Task<CommitOutcome> TryAsync(
        this IStateStore store, StoreExpectation[] expectations, params StoreWrite[] writes) =>
        await store.CommitAsync(new StoreCommit([.. expectations], [.. writes]), CancellationToken.None);

    public static async Task<Revision> CommitAsync(this IStateStore store, params StoreWrite[] writes) =>
        Assert.IsType<CommitOutcome.Committed>(await store.TryAsync([], writes)).Revision;

    public static async Task<StoreSnapshot> ListAsync(this IStateStore store, string prefix = "", Revision? at = null) =>
        await store.ListAsync(prefix, at, CancellationToken.None);

    /// <summary>Everything a watch says until it has said this key's change.</summary>
    public static async Task<List<StoreChanges>> WatchUntilAsync(
        this IStateStore store, string prefix, Revision after, string lastKey)
    {
        using var stop = new CancellationTokenSource(Deadline);
        var seen = new List<StoreChanges>();
        await foreach (var changes in store.WatchAsync(prefix, after, stop.Token))
        {
            seen.Add(changes);
            if (changes.Changes.Any(c => c.Key == lastKey))
            {
                return seen;
            }
        }

        throw new TimeoutException($"no change of {lastKey} in {Deadline}; {seen.Sum(s => s.Changes.Length)} other changes");
    }
}
