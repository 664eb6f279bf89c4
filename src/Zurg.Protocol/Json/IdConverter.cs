using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Ids as JSON strings and as property names. Text that is no valid id is refused, with the reason.</summary>
public sealed class IdConverter<T> : JsonConverter<T> where T : struct, IId<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Checked(reader.GetString());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Checked(reader.GetString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Value);

    private static T Checked(string? text) =>
        text is null ? throw new JsonException($"a {typeof(T).Name} cannot be null")
        : T.ProblemOf(text) is { } problem ? throw new JsonException(problem)
        : T.Wrap(text);
}
