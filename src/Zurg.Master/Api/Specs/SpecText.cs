using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>What a text says, or everything that is wrong with it.</summary>
internal sealed record SpecReading(ClusterSpec? Spec, ImmutableArray<Problem> Problems)
{
    public static SpecReading Of(string text)
    {
        try
        {
            return new SpecReading(JsonSerializer.Deserialize(text, WireJson.Default.AppliedSpec)!.Spec, []);
        }
        catch (JsonException e)
        {
            return new SpecReading(null, [new Problem("", e.Message, Line: (int?)e.LineNumber + 1, Column: (int?)e.BytePositionInLine + 1)]);
        }
    }

    public (int? Line, int? Column) PlaceOf(string path) => (Spec is null ? 1 : null, null);
}

internal static class SpecChanges
{
    public static ImmutableArray<SpecChange> Between(ClusterSpec? before, ClusterSpec after, ClusterState state) =>
        before is not null && Text(before) == Text(after) ? [] : [new SpecChange("cluster", null, state.Revision.ToString(), [])];

    private static string Text(ClusterSpec spec) => JsonSerializer.Serialize(spec, WireJson.Default.ClusterSpec);
}
