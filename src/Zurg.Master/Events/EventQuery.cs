using Zurg.Protocol;

namespace Zurg.Master.Events;

/// <summary>Which events are asked for.</summary>
internal sealed record EventQuery
{
    /// <summary>Those with a greater id; null: the newest ones.</summary>
    public long? Since { get; init; }

    public ServiceName? Service { get; init; }

    public InstanceId? Instance { get; init; }

    public HostId? Host { get; init; }

    /// <summary>1 to <see cref="LimitMax"/>.</summary>
    public int Limit { get; init; } = LimitUsual;

    public const int LimitUsual = 100;

    public const int LimitMax = 1000;
}
