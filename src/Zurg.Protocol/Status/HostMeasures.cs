using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// A host's own numbers as its agent last read them: each minute, and sooner when free disk or memory moved. They ride the
/// session and live in the memory of the master that speaks with the host: never in the store.
/// </summary>
public sealed record HostMeasures
{
    public required DateTimeOffset At { get; init; }

    /// <summary>The share of all CPUs in use since the reading before, 0 to 1; null in the first one.</summary>
    public double? CpuBusy { get; init; }

    public required CpuTimes Cpu { get; init; }

    public required LoadAverage Load { get; init; }

    public required MemoryMeasure Memory { get; init; }

    /// <summary>Those that the agent writes to, each once, ordered by mount point.</summary>
    public ImmutableArray<FileSystemMeasure> FileSystems { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Devices with traffic, ordered by name; at most <see cref="NetworksMax"/>, the busiest.</summary>
    public ImmutableArray<NetworkMeasure> Networks { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Null when the kernel does not tell.</summary>
    public TcpMeasure? Tcp { get; init; }

    /// <summary>Pressure stall information; empty when the kernel has none (before 4.20, or switched off).</summary>
    public ImmutableArray<PressureMeasure> Pressure { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Of the whole host; null when the kernel does not tell.</summary>
    public OpenFilesMeasure? OpenFiles { get; init; }

    public required ClockMeasure Clock { get; init; }

    public required TimeSpan Uptime { get; init; }

    /// <summary>Ordered by instance; those with a process.</summary>
    public ImmutableArray<InstanceMeasure> Instances { get; init => field = value.IsDefault ? [] : value; } = [];

    public const int NetworksMax = 16;

    public InstanceMeasure? Find(InstanceId instance) => Instances.FirstOrDefault(i => i.Instance == instance);
}

/// <summary>Time of all CPUs together since boot (proc_stat(5)); User includes nice, System includes interrupts.</summary>
public sealed record CpuTimes(TimeSpan User, TimeSpan System, TimeSpan Idle, TimeSpan IoWait, TimeSpan Steal);

/// <summary>Runnable and uninterruptible threads, averaged over 1, 5 and 15 minutes.</summary>
public sealed record LoadAverage(double One, double Five, double Fifteen);

/// <summary>In bytes. Available is what new work can have without swapping (proc_meminfo(5)).</summary>
public sealed record MemoryMeasure(long Total, long Available, long SwapTotal, long SwapFree);

/// <param name="Mount">Where it is mounted.</param>
/// <param name="Holds">What the agent keeps on it, such as agent, logs, releases.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Free">In bytes, for everybody but root.</param>
/// <param name="Files">Inodes; 0 on file systems that have no fixed number of them.</param>
/// <param name="FilesFree">Inodes that are free.</param>
public sealed record FileSystemMeasure(
    string Mount, ImmutableArray<string> Holds, long Size, long Free, long Files, long FilesFree);

/// <summary>Counters since boot. Errors and drops of both directions together.</summary>
public sealed record NetworkMeasure(string Device, long ReceivedBytes, long SentBytes, long Errors, long Drops);

/// <summary>Counters since boot (RFC 4022: tcpOutSegs, tcpRetransSegs; and the kernel's TcpExt).</summary>
/// <param name="ListenDrops">Connections dropped because a listener's queue was full; 0 when the kernel does not tell.</param>
public sealed record TcpMeasure(long SentSegments, long RetransmittedSegments, long ListenDrops);

/// <param name="Resource">cpu, memory or io.</param>
/// <param name="Some">Share of the last 10 s, 0 to 1, in which at least one task waited for it.</param>
/// <param name="SomeTotal">The same since boot, as time.</param>
/// <param name="Full">The share in which no task could work; 0 for cpu.</param>
/// <param name="FullTotal">The same since boot, as time.</param>
public sealed record PressureMeasure(string Resource, double Some, TimeSpan SomeTotal, double Full, TimeSpan FullTotal);

/// <param name="Open">File handles in use.</param>
/// <param name="Max">The kernel's limit for all processes together.</param>
public sealed record OpenFilesMeasure(long Open, long Max);

/// <summary>The kernel's clock (adjtimex(2)).</summary>
/// <param name="Source">Such as tsc; "unknown" when the kernel does not tell.</param>
/// <param name="Synchronized">Somebody (NTP, PTP) keeps it right; false too when nobody ever did. Null: not known.</param>
/// <param name="Offset">What is still being corrected.</param>
/// <param name="ErrorMax">How wrong it may be, by the word of whoever keeps it.</param>
public sealed record ClockMeasure(
    string Source,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? Synchronized,
    TimeSpan Offset,
    TimeSpan ErrorMax);

/// <summary>One instance: its main process, its session and all of their descendants.</summary>
/// <param name="Memory">Resident, in bytes; pages that they share count for each.</param>
/// <param name="CpuTime">User and system time since the incarnation's start; never goes back within it.</param>
public sealed record InstanceMeasure(InstanceId Instance, Incarnation Incarnation, long Memory, TimeSpan CpuTime, int Processes);
