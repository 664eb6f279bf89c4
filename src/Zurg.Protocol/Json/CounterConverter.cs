using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Counters as JSON numbers.</summary>
public sealed class CounterConverter<T> : JsonConverter<T> where T : struct, ICounter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        T.Wrap(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}
