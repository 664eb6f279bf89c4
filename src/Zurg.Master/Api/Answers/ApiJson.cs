using System.Text.Json;
using System.Text.Json.Serialization;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>The few types that only parameters have; everything else is <see cref="WireJson"/>'s.</summary>
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(TimeSpan?))]
[JsonSerializable(typeof(DateTimeOffset?))]
[JsonSerializable(typeof(ServiceName?))]
[JsonSerializable(typeof(InstanceId?))]
[JsonSerializable(typeof(HostId))]
[JsonSerializable(typeof(HostId?))]
[JsonSerializable(typeof(ReleaseName?))]
[JsonSerializable(typeof(ReleaseVersion))]
[JsonSerializable(typeof(Digest))]
[JsonSerializable(typeof(SpecNumber?))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>
    /// Makes the framework's options those of the wire. A type that neither context knows is an error: no reflection.
    /// </summary>
    public static void Configure(JsonSerializerOptions options)
    {
        var wire = WireJson.Default.Options;
        options.PropertyNamingPolicy = wire.PropertyNamingPolicy;
        options.DictionaryKeyPolicy = wire.DictionaryKeyPolicy;
        options.PropertyNameCaseInsensitive = wire.PropertyNameCaseInsensitive;
        options.DefaultIgnoreCondition = wire.DefaultIgnoreCondition;
        options.NumberHandling = wire.NumberHandling;
        options.RespectNullableAnnotations = wire.RespectNullableAnnotations;
        options.RespectRequiredConstructorParameters = wire.RespectRequiredConstructorParameters;
        options.AllowOutOfOrderMetadataProperties = wire.AllowOutOfOrderMetadataProperties;
        options.AllowDuplicateProperties = wire.AllowDuplicateProperties;
        options.TypeInfoResolverChain.Clear();
        options.TypeInfoResolverChain.Add(WireJson.Default);
        options.TypeInfoResolverChain.Add(Default);
    }
}
