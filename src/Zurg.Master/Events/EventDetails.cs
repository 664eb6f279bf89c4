using System.Text.Json;
using System.Text.Json.Serialization;
using Zurg.Protocol;

namespace Zurg.Master.Events;

/// <summary>What an event says besides its sentence, as JSON in one column.</summary>
internal sealed record EventDetails(InstanceStart? Start, InstanceExit? Exit)
{
    /// <summary>Null when there is nothing more to keep.</summary>
    public static string? JsonOf(EventRecord record) => record.Start is null && record.Exit is null
        ? null
        : JsonSerializer.Serialize(new EventDetails(record.Start, record.Exit), EventDetailsJson.Default.EventDetails);

    /// <summary>Null when this build cannot read them: the sentence says the same.</summary>
    public static EventDetails? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, EventDetailsJson.Default.EventDetails);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EventDetails))]
internal sealed partial class EventDetailsJson : JsonSerializerContext;
