using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>Empty maps shared by the records' own guards: a field that is absent on the wire arrives as null (rule 12).</summary>
internal static class Wire
{
    public static readonly ImmutableSortedDictionary<string, string> NoText =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static readonly ImmutableSortedDictionary<string, ImmutableArray<string>> NoLists =
        ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);
}
