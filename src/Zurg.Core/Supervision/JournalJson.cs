using System.Text.Json.Serialization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>The JSON of the agent's journal: what <see cref="WireJson"/> is on the wire, with the same rules.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowOutOfOrderMetadataProperties = true,
    AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(InstanceState))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(EventRecord))]
public sealed partial class JournalJson : JsonSerializerContext;
