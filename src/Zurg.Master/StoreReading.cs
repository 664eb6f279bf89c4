using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master;

/// <summary>Reading for a guarded write: from the store itself, since a view may lag behind it.</summary>
internal static class StoreReading
{
    /// <summary>Null when the key is not there.</summary>
    public static async ValueTask<StoreEntry?> FindAsync(this IStateStore store, string key, CancellationToken stop)
    {
        var snapshot = await store.ListAsync(key, at: null, stop);
        return snapshot.Entries is [var first, ..] && first.Key == key ? first : null;
    }

    public static T Read<T>(this StoreEntry entry, JsonTypeInfo<T> type) where T : class =>
        JsonSerializer.Deserialize(entry.Value.Span, type) ?? throw new JsonException($"{entry.Key} holds null");

    /// <summary>Every pushed release, ordered.</summary>
    public static async ValueTask<ImmutableArray<ReleaseRecord>> ReleasesAsync(this IStateStore store, CancellationToken stop)
    {
        var snapshot = await store.ListAsync(StoreKeys.ReleasePrefix, at: null, stop);
        return [.. snapshot.Entries.Select(e => e.Read(WireJson.Default.ReleaseRecord)).OrderBy(r => r.Release)];
    }
}
