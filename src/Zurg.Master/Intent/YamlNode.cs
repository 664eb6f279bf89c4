using System.Collections.Immutable;

namespace Zurg.Master.Intent;

/// <summary>YAML as a tree with places. Every scalar is text: what it means (1.1 a version or a number) is the reader's to
/// say.</summary>
internal abstract record YamlNode(Place At)
{
    /// <param name="Plain">Without quotes: only then can it stand for nothing (null) or for a flag.</param>
    public sealed record Scalar(Place At, string Value, bool Plain) : YamlNode(At)
    {
        public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";
    }

    public sealed record Sequence(Place At, ImmutableArray<YamlNode> Items) : YamlNode(At);

    public sealed record Mapping(Place At, ImmutableArray<Entry> Entries) : YamlNode(At);

    public sealed record Entry(string Key, Place KeyAt, YamlNode Value);

    /// <summary>Where a dotted path points; for a missing part, where the nearest part above it is. Keys may hold dots
    /// themselves.</summary>
    public static Place PlaceOf(YamlNode root, string path)
    {
        var at = root.At;
        var node = root;
        var rest = path.AsSpan();
        while (rest.Length > 0)
        {
            if (node is Sequence list && rest[0] == '[')
            {
                var close = rest.IndexOf(']');
                if (close < 0 || !int.TryParse(rest[1..close], out var index)
                    || index < 0 || index >= list.Items.Length)
                {
                    return at;
                }
                node = list.Items[index];
                at = node.At;
                rest = rest[(close + 1)..];
            }
            else if (node is Mapping map && EntryOf(map, rest) is { } entry)
            {
                node = entry.Value;
                at = node is Scalar { IsNull: false } ? node.At : entry.KeyAt;
                rest = rest[entry.Key.Length..];
            }
            else
            {
                return at;
            }
            rest = rest.Length > 0 && rest[0] == '.' ? rest[1..] : rest;
        }
        return at;
    }

    private static Entry? EntryOf(Mapping map, ReadOnlySpan<char> rest)
    {
        Entry? longest = null;
        foreach (var entry in map.Entries)
        {
            var fits = rest.StartsWith(entry.Key, StringComparison.Ordinal)
                && (rest.Length == entry.Key.Length || rest[entry.Key.Length] is '.' or '[');
            longest = fits && entry.Key.Length >= (longest?.Key.Length ?? 0) ? entry : longest;
        }
        return longest;
    }
}

/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct Place(int Line, int Column);
