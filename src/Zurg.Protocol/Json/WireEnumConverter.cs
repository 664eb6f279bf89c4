using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// Enums as snake_case strings. A value that this build does not know reads as the member Unknown (its 0), so that a message of a
/// newer build is never refused whole (DESIGN.md promise 8).
/// </summary>
public sealed class WireEnumConverter<T> : JsonConverter<T> where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        WireEnum.TryParse<T>(reader.GetString() ?? "", out var value) ? value : default;

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(WireEnum.NameOf(value));
}

/// <summary>An enum's words as people and the wire write them.</summary>
public static class WireEnum
{
    public static string NameOf<T>(T value) where T : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static bool TryParse<T>(string text, out T value) where T : struct, Enum =>
        Names<T>.Values.TryGetValue(text, out value);

    private static class Names<T> where T : struct, Enum
    {
        public static readonly Dictionary<string, T> Values =
            Enum.GetValues<T>().ToDictionary(NameOf, StringComparer.Ordinal);
    }
}
