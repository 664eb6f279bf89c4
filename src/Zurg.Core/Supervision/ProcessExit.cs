namespace Zurg.Core;

/// <summary>A process, told from every other one that ever had this pid.</summary>
/// <param name="StartTicks">Field 22 of /proc/PID/stat: clock ticks since boot.</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id: after a reboot the same pid and ticks mean another process.</param>
public sealed record ProcessIdentity(int Pid, long StartTicks, string BootId);

/// <summary>How a process ended, as far as its agent could see.</summary>
/// <param name="Code">The exit code when it ended by itself.</param>
/// <param name="Signal">The signal's number when one ended it; both null: it was not our child and nobody can tell.</param>
/// <param name="PeakMemory">Peak resident memory in bytes; null when not known.</param>
/// <param name="CpuTime">User and system time together; null when not known.</param>
public sealed record ProcessExit(int? Code, int? Signal, bool CoreDumped, long? PeakMemory, TimeSpan? CpuTime)
{
    /// <summary>All that is known of one that ended while no agent ran.</summary>
    public static ProcessExit NobodyWatched { get; } = new(null, null, CoreDumped: false, null, null) { Unwatched = true };

    /// <summary>The part of <see cref="CpuTime"/> in the program itself; null when not known.</summary>
    public TimeSpan? UserTime { get; init; }

    /// <summary>How long it ran by a clock that nobody sets; null: by the difference of wall clock times then.</summary>
    public TimeSpan? Ran { get; init; }

    /// <summary>It ended while no agent ran: when exactly nobody knows.</summary>
    public bool Unwatched { get; init; }

    /// <summary>Whether SIGKILL came from the kernel's OOM killer; null: nothing speaks for it.</summary>
    public OomSign? OutOfMemory { get; init; }
}

/// <summary>How sure it is that the kernel ended a process for want of memory.</summary>
public enum OomSign
{
    /// <summary>It struck somewhere on the host in that moment.</summary>
    Likely,

    /// <summary>The process's own group says so: it went over its memory limit.</summary>
    Certain,
}
