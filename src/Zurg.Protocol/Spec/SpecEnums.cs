using System.Text.Json.Serialization;

namespace Zurg.Protocol;

[JsonConverter(typeof(WireEnumConverter<ProbeKind>))]
public enum ProbeKind
{
    /// <summary>Of a newer build: the instance is held, not started.</summary>
    Unknown,
    Http,
    Tcp,
    Exec,

    /// <summary>READY=1 on the socket of sd_notify(3).</summary>
    Notify,
}

[JsonConverter(typeof(WireEnumConverter<TemplateThen>))]
public enum TemplateThen
{
    Unknown,
    Nothing,
    Restart,
    Reload,
}

[JsonConverter(typeof(WireEnumConverter<RollbackMode>))]
public enum RollbackMode
{
    Unknown,
    Auto,
    Manual,
}

[JsonConverter(typeof(WireEnumConverter<LimitsEnforce>))]
public enum LimitsEnforce
{
    Unknown,

    /// <summary>A host without the kernel's controllers runs it all the same, and says what it does not enforce.</summary>
    BestEffort,

    /// <summary>Such a host does not start it.</summary>
    Required,
}

[JsonConverter(typeof(WireEnumConverter<WatchdogKeep>))]
public enum WatchdogKeep
{
    Unknown,
    Nothing,

    /// <summary>What each of its threads was doing, as the kernel tells it.</summary>
    Stacks,

    /// <summary>It is ended by SIGABRT and may leave a core dump.</summary>
    Core,
}
