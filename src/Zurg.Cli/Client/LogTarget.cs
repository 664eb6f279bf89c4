using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Whose logs are asked for.</summary>
/// <param name="Instance">Null: all of the service's.</param>
/// <param name="Host">Null: on all hosts.</param>
internal sealed record LogTarget(ServiceName Service, InstanceId? Instance, HostId? Host)
{
    public bool Has(PlacedInstance placed) =>
        (Instance is null || placed.Instance == Instance) && (Host is null || placed.Host == Host);
}
