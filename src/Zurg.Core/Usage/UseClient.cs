using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Who uses a service. It is the same one over restarts: a nightly job has another pid each night.</summary>
/// <param name="Instance">When it is one of the cluster's.</param>
/// <param name="Command">Else its program.</param>
/// <param name="Address">Else where it connects from.</param>
/// <param name="Pid">Of the process seen last; tells no two clients apart.</param>
public sealed record UseClient(InstanceId? Instance, string? Command = null, string? Address = null, int? Pid = null)
{
    /// <summary>Tells clients of one service and host apart.</summary>
    public string Key => Instance is { } instance ? $"instance {instance}"
        : Command is not null ? $"command {Command}"
        : $"address {Address}";

    /// <summary>Of a sighting of several clients at once.</summary>
    public const string OthersKey = "others";

    public static string KeyOf(UseSighting sighting) => sighting.Others is not null
        ? OthersKey
        : new UseClient(sighting.Instance, sighting.Command, sighting.Address).Key;
}

/// <summary>A use that is seen at this moment.</summary>
public sealed record SeenUse(ServiceName Service, UseEvidence Evidence, UseClient Client);
