using System.Text.Json.Serialization;

namespace Zurg.Protocol;

[JsonConverter(typeof(WireEnumConverter<WantedPhase>))]
public enum WantedPhase
{
    Unknown,
    Running,
    Stopped,
}

/// <summary>An incarnation's way; it only moves forward.</summary>
[JsonConverter(typeof(WireEnumConverter<InstancePhase>))]
public enum InstancePhase
{
    Unknown,

    /// <summary>No process: held, backing off, or stopped by a person.</summary>
    Waiting,

    /// <summary>The release is fetched and verified, ports are picked, templates rendered.</summary>
    Preparing,

    /// <summary>The process runs and its probe has not passed yet.</summary>
    Starting,

    /// <summary>The probe has passed in this incarnation.</summary>
    Running,

    /// <summary>Withdrawn, signalled, and being waited for.</summary>
    Stopping,

    /// <summary>The process and its tree are gone.</summary>
    Stopped,
}

[JsonConverter(typeof(WireEnumConverter<HostSession>))]
public enum HostSession
{
    Unknown,
    Connected,

    /// <summary>No report for a while: its endpoints are suspect. It does not mean that anything stopped.</summary>
    Silent,

    /// <summary>
    /// Counted as gone for good: its endpoints are removed, its consumers are not waited for, its instances start elsewhere.
    /// Its next report ends that.
    /// </summary>
    Lost,
}

[JsonConverter(typeof(WireEnumConverter<EndpointState>))]
public enum EndpointState
{
    Unknown,
    Ready,

    /// <summary>On a silent host: used last, and only when nothing ready is left.</summary>
    Suspect,
}
