using System.Text.Json;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>What every welcome says.</summary>
/// <param name="ClusterId">Made once at random and kept in the store: an agent never changes clusters by mistake.</param>
internal sealed record ClusterIdentity(string ClusterId, string Build)
{
    public const string Key = "cluster/id";

    /// <summary>Reads the cluster's id, or makes it from <paramref name="candidate"/> when the store has none.</summary>
    public static async Task<ClusterIdentity> TakeAsync(IStateStore store, string candidate, string build, CancellationToken stop)
    {
        if (await store.FindAsync(Key, stop) is null)
        {
            var value = JsonSerializer.SerializeToUtf8Bytes(candidate, WireJson.Default.String);

            // Refused means that another master was faster: its id counts.
            await store.CommitAsync(
                new StoreCommit([new StoreExpectation(Key, new Revision(0))], [new StoreWrite(Key, value)]), stop);
        }

        var entry = await store.FindAsync(Key, stop) ?? throw new StoreFaultException($"{Key} was written and is not there");
        return new ClusterIdentity(JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.String)!, build);
    }
}
