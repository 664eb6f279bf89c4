using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// Enums as snake_case strings. A value that this build does not know reads as the member Unknown (its 0), so that a message of a
/// newer build is never refused whole (DESIGN.md promise 8).
/// </summary>
public sealed class WireEnumConverter<T> : JsonConverter<T> where T : struct, Enum
{
    private static readonly Dictionary<string, T> ByName =
        Enum.GetValues<T>().ToDictionary(NameOf, StringComparer.Ordinal);

    public static string NameOf(T value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static bool TryParse(string text, out T value) => ByName.TryGetValue(text, out value);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ByName.GetValueOrDefault(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(NameOf(value));
}
