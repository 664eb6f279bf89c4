using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Folds the store's keys into a <see cref="ClusterState"/>, one at a time, in the order of their revisions.</summary>
public static class ClusterFold
{
    /// <param name="value">Null when the key was removed.</param>
    public static ClusterState Apply(ClusterState state, string key, ReadOnlyMemory<byte>? value, Revision modified)
    {
        var next = state with
        {
            Revision = modified > state.Revision ? modified : state.Revision,
            Modified = value is null ? state.Modified.Remove(key) : state.Modified.SetItem(key, modified),
            Unreadable = state.Unreadable.Remove(key),
        };
        try
        {
            return Fold(next, key, value);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // The last value that was understood stays in force, and whoever plans with this key holds (DESIGN.md promise 8).
            return next with { Unreadable = next.Unreadable.SetItem(key, e.Message) };
        }
    }

    private static ClusterState Fold(ClusterState state, string key, ReadOnlyMemory<byte>? value)
    {
        var wire = WireJson.Default;
        return key switch
        {
            StoreKeys.CurrentSpec => state with { Applied = Read(value, wire.AppliedSpec) },
            _ when Under(StoreKeys.FactsPrefix, key, out var host) =>
                state with { Facts = Put(state.Facts, Id.Parse<HostId>(host), Read(value, wire.HostFacts)) },
            _ when Under(StoreKeys.PlacementPrefix, key, out var host) =>
                state with { Placements = Put(state.Placements, Id.Parse<HostId>(host), Read(value, wire.HostPlacements)) },
            _ when Under(StoreKeys.ConfirmedPrefix, key, out var service) => state with
            {
                Confirmed = Put(state.Confirmed, Id.Parse<ServiceName>(service), Read(value, wire.ServiceConfirmation)),
            },
            _ when Under(StoreKeys.InstanceSpecPrefix, key, out var digest) =>
                state with { InstanceSpecs = Put(state.InstanceSpecs, Id.Parse<Digest>(digest), Read(value, wire.InstanceSpec)) },
            _ when Under(StoreKeys.IntentPrefix, key, out var service) =>
                state with { Intents = Put(state.Intents, Id.Parse<ServiceName>(service), Read(value, wire.ServiceIntent)) },
            StoreKeys.Unasked => state with { Unasked = Read(value, wire.UnaskedActions) },
            _ when Under(StoreKeys.RolloutPrefix, key, out var service) =>
                state with { Rollouts = Put(state.Rollouts, Id.Parse<ServiceName>(service), Read(value, wire.Rollout)) },
            _ when Under(StoreKeys.HostIntentPrefix, key, out var host) =>
                state with { HostIntents = Put(state.HostIntents, Id.Parse<HostId>(host), Read(value, wire.HostIntent)) },
            _ when Under(StoreKeys.ReleasePrefix, key, out var release) =>
                state with { Releases = Put(state.Releases, ReleaseOf(release), Read(value, wire.ReleaseRecord)) },
            _ => state,   // other keys are nobody's plan: old specs, roles, the cluster's id
        };
    }

    private static bool Under(string prefix, string key, out string rest)
    {
        var under = key.StartsWith(prefix, StringComparison.Ordinal);
        rest = under ? key[prefix.Length..] : "";
        return under;
    }

    private static ReleaseId ReleaseOf(string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        return slash < 0
            ? throw new FormatException($"'{path}' names no release")
            : new ReleaseId(Id.Parse<ReleaseName>(path[..slash]), Id.Parse<ReleaseVersion>(path[(slash + 1)..]));
    }

    private static T? Read<T>(ReadOnlyMemory<byte>? value, JsonTypeInfo<T> type) where T : class =>
        value is null ? null : JsonSerializer.Deserialize(value.Value.Span, type) ?? throw new JsonException("the value is null");

    private static ImmutableSortedDictionary<TKey, TValue> Put<TKey, TValue>(
        ImmutableSortedDictionary<TKey, TValue> map, TKey key, TValue? value)
        where TKey : notnull where TValue : class => value is null ? map.Remove(key) : map.SetItem(key, value);
}
