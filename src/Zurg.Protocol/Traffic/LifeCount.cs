namespace Zurg.Protocol;

/// <summary>What an instance's own agent saw of it within a stretch of time, whether or not anybody called it.</summary>
public sealed record LifeCount
{
    public required InstanceId Instance { get; init; }

    public required Incarnation Incarnation { get; init; }

    /// <summary>What it runs; null from an agent that does not say.</summary>
    public ReleaseId? Release { get; init; }

    /// <summary>The stretch's first second, in whole seconds since 1970 by the host's clock.</summary>
    public required long Second { get; init; }

    /// <summary>For so many seconds of the stretch its process ran.</summary>
    public required int Lived { get; init; }

    /// <summary>Ends that nobody asked for; those within one second are one. Absent: none, as below.</summary>
    public int? Crashes { get; init; }

    public int? Probes { get; init; }

    /// <summary>Of the probes.</summary>
    public int? FailedProbes { get; init; }
}
