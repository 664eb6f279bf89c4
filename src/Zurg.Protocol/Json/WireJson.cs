using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// The one JSON of the store, the API, the sessions and the transcripts (DESIGN.md decision 5): snake_case, no nulls written,
/// unknown fields ignored, unknown enum values Unknown, duplicate keys refused.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowOutOfOrderMetadataProperties = true,
    AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(AppliedSpec))]
[JsonSerializable(typeof(InstanceSpec))]
[JsonSerializable(typeof(ServiceIntent))]
[JsonSerializable(typeof(ReleaseRecord))]
[JsonSerializable(typeof(ReleaseManifest))]
[JsonSerializable(typeof(HostPlacements))]
[JsonSerializable(typeof(Rollout))]
[JsonSerializable(typeof(RolloutStatus))]
[JsonSerializable(typeof(ImmutableArray<RolloutStatus>))]
[JsonSerializable(typeof(HostIntent))]
[JsonSerializable(typeof(UnaskedActions))]
[JsonSerializable(typeof(ServiceConfirmation))]
[JsonSerializable(typeof(HostFacts))]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(EndpointSet))]
[JsonSerializable(typeof(EventRecord))]
[JsonSerializable(typeof(RoleRecord))]
[JsonSerializable(typeof(History))]
[JsonSerializable(typeof(AlertBook))]
[JsonSerializable(typeof(AlertNotice))]
[JsonSerializable(typeof(AlertStatus))]
[JsonSerializable(typeof(ImmutableArray<AlertTestResult>))]
[JsonSerializable(typeof(AgentMessage))]
[JsonSerializable(typeof(MasterMessage))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(ServiceExplanation))]
[JsonSerializable(typeof(ServiceUsers))]
[JsonSerializable(typeof(TrafficSecond))]
[JsonSerializable(typeof(LifeCount))]
[JsonSerializable(typeof(Verdict))]
[JsonSerializable(typeof(UseSighting))]
[JsonSerializable(typeof(ApplyResult))]
[JsonSerializable(typeof(ImmutableArray<SpecSummary>))]
[JsonSerializable(typeof(ImmutableArray<ReleaseRecord>))]
[JsonSerializable(typeof(ImmutableArray<HostStatus>))]
[JsonSerializable(typeof(ImmutableArray<EventRecord>))]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(RevertRequest))]
[JsonSerializable(typeof(RolloutStart))]
[JsonSerializable(typeof(RolloutStarted))]
[JsonSerializable(typeof(HostDrain))]
[JsonSerializable(typeof(HostLoss))]
[JsonSerializable(typeof(ReleasePush))]
[JsonSerializable(typeof(ReleasePushAnswer))]
[JsonSerializable(typeof(ReleaseSign))]
[JsonSerializable(typeof(ImmutableArray<Neighbour>))]
[JsonSerializable(typeof(ActionAccepted))]
[JsonSerializable(typeof(CoreDump))]
[JsonSerializable(typeof(CoreList))]
[JsonSerializable(typeof(LogChunk))]
[JsonSerializable(typeof(ImmutableArray<ConfigVersion>))]
[JsonSerializable(typeof(ConfigText))]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(InstanceEnv))]
[JsonSerializable(typeof(ExecMessage))]
[JsonSerializable(typeof(ExecEnded))]
[JsonSerializable(typeof(ImmutableSortedDictionary<string, string>))]
[JsonSerializable(typeof(Assignment))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>The same, indented, for people.</summary>
    public static WireJson Indented =>
        field ??= new WireJson(new JsonSerializerOptions(Default.Options) { WriteIndented = true });
}
