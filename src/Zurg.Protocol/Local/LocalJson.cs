using System.Text.Json.Serialization;

namespace Zurg.Protocol.Local;

/// <summary>The JSON of the agent's local socket: snake_case, unknown fields ignored, no nulls written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(LocalEndpointSet))]
[JsonSerializable(typeof(LocalConfirm))]
[JsonSerializable(typeof(LocalProblem))]
internal sealed partial class LocalJson : JsonSerializerContext;
