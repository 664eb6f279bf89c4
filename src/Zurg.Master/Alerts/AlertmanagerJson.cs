using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Master.Alerts;

/// <summary>postableAlert of Alertmanager's API v2 (openapi.yaml of Alertmanager 0.25): camelCase, times in RFC 3339.</summary>
internal sealed record AlertmanagerAlert(
    SortedDictionary<string, string> Labels, SortedDictionary<string, string> Annotations, DateTimeOffset StartsAt,
    DateTimeOffset EndsAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImmutableArray<AlertmanagerAlert>))]
internal sealed partial class AlertmanagerJson : JsonSerializerContext;
