using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>keys: in cluster.yaml: whose signature a release needs.</summary>
internal static class KeysCheck
{
    public static void Check(ImmutableSortedDictionary<string, string>? keys, ProblemList problems)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in keys ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            var path = $"keys.{name}";
            if (Id.DnsLabelProblem("name of a key", name) is { } problem)
            {
                problems.Add(path, problem);
            }

            if (!ReleaseSigning.TryReadKey(text, out var key))
            {
                problems.Add(path, "it is no public key of ECDSA P-256",
                    text.Contains("PRIVATE", StringComparison.Ordinal)
                        ? "this is a private key: replace it everywhere, and write the public one here"
                        : "zurg release keygen FILE makes a pair and prints the public key");
            }
            else if (!seen.TryAdd(key, name))
            {
                problems.Add(path, $"{Words.Quote(seen[key])} is the same key", "leave one of them out");
            }
        }

        if (keys?.Count > ReleaseSigning.KeysMax)
        {
            problems.Add("keys", string.Create(CultureInfo.InvariantCulture, $"there are {keys.Count} keys"),
                string.Create(CultureInfo.InvariantCulture, $"at most {ReleaseSigning.KeysMax}"));
        }
    }

    /// <summary>Null for none: then no release needs a signature.</summary>
    public static ImmutableSortedDictionary<string, string>? Fill(ImmutableSortedDictionary<string, string>? keys) =>
        keys is not { Count: > 0 } ? null : keys.ToImmutableSortedDictionary(
            k => k.Key, k => ReleaseSigning.TryReadKey(k.Value, out var key) ? key : k.Value, StringComparer.Ordinal);
}
