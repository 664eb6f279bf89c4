using System.Text.Json.Serialization;

namespace Zurg.Protocol.Self;

/// <summary>As the JSON of Local: what only the agent and Zurg.Sdk.AspNetCore say to one another.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(LocalSelf))]
[JsonSerializable(typeof(LocalInFlight))]
internal sealed partial class SelfJson : JsonSerializerContext;
