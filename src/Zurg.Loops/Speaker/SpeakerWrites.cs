using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>What one round of a speaker writes, in the order that it has to be, in bites that one commit holds.</summary>
internal static class SpeakerWrites
{
    /// <summary>Each takes an operation of a commit, and the role's guard another.</summary>
    public const int PerCommitMax = StoreCommit.OperationsMax - 1;

    public static IEnumerable<ImmutableArray<StoreWrite>> Of(IReadOnlyCollection<SpeakerCommit> commits)
    {
        var bite = ImmutableArray.CreateBuilder<StoreWrite>();
        var bytes = 0;
        foreach (var write in All(commits))
        {
            var size = (write.Value?.Length ?? 0) + StoreCommit.KeyCharsMax;
            if (bite.Count > 0 && (bite.Count == PerCommitMax || bytes + size > StoreCommit.BytesMax))
            {
                yield return bite.DrainToImmutable();
                bytes = 0;
            }

            bite.Add(write);
            bytes += size;
        }

        if (bite.Count > 0)
        {
            yield return bite.DrainToImmutable();
        }
    }

    /// <summary>Of several words of one round about one host, the last one is the truth.</summary>
    private static IEnumerable<StoreWrite> All(IReadOnlyCollection<SpeakerCommit> commits)
    {
        foreach (var facts in commits.SelectMany(c => c.Facts).GroupBy(f => f.Host).Select(g => g.Last()))
        {
            yield return new StoreWrite(
                StoreKeys.Facts(facts.Host), JsonSerializer.SerializeToUtf8Bytes(facts, WireJson.Default.HostFacts));
        }

        // After the facts: what is said of those who follow a service counts everyone who was let in before.
        foreach (var confirmed in commits.SelectMany(c => c.Confirmed))
        {
            yield return new StoreWrite(
                StoreKeys.Confirmed(confirmed.Service),
                JsonSerializer.SerializeToUtf8Bytes(confirmed, WireJson.Default.ServiceConfirmation));
        }

        foreach (var service in commits.SelectMany(c => c.NotWaitedFor))
        {
            yield return new StoreWrite(StoreKeys.Confirmed(service), Value: null);
        }
    }
}
