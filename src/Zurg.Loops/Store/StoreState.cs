using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>Everything current at one revision; what an in-process store publishes after each durable commit.</summary>
public sealed record StoreState(Revision Revision, ImmutableSortedDictionary<string, StoreEntry> Entries)
{
    public static readonly StoreState Empty =
        new(default, ImmutableSortedDictionary<string, StoreEntry>.Empty.WithComparers(StringComparer.Ordinal));

    /// <summary>Reads every key to find those of the prefix: lists are rare, watches carry the changes.</summary>
    public StoreSnapshot List(string prefix)
    {
        var found = ImmutableArray.CreateBuilder<StoreEntry>();
        foreach (var entry in Entries.Values)
        {
            if (entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            {
                found.Add(entry);
            }
        }

        return new StoreSnapshot(Revision, found.DrainToImmutable());
    }
}
