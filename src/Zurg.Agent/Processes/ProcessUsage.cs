using System.Globalization;
using System.Text;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>
/// What one living process has used so far. wait4(2) tells it at the end, but of our own children alone, and their peak memory
/// only above the agent's own (exec_mmap in fs/exec.c takes the spawner's over); so it is looked at now and then meanwhile.
/// </summary>
/// <param name="PeakMemory">Peak resident memory in bytes; null for a process without memory of its own.</param>
internal sealed record ProcessUsage(long? PeakMemory, TimeSpan User, TimeSpan System)
{
    private const int StatusMax = 4096;

    /// <summary>Null when the process has ended.</summary>
    public static ProcessUsage? Read(ProcessIdentity process)
    {
        const int userTimeField = 14;
        const int systemTimeField = 15;
        const int startField = 22;
        var peak = PeakOf(process.Pid);

        // Read last: the start time says whose numbers all of them are.
        return ProcessStat.Numbers(process.Pid, startField - 2) is { } numbers && numbers[startField - 3] == process.StartTicks
            ? new ProcessUsage(
                peak, ProcessClock.Of(numbers[userTimeField - 3]), ProcessClock.Of(numbers[systemTimeField - 3]))
            : null;
    }

    /// <summary>What was seen while it lived fills what its end did not tell.</summary>
    public static ProcessExit Complete(ProcessExit exit, ProcessUsage? seen, TimeSpan? ran) => exit with
    {
        PeakMemory = exit.PeakMemory ?? seen?.PeakMemory,
        CpuTime = exit.CpuTime ?? seen?.User + seen?.System,
        UserTime = exit.CpuTime is null ? seen?.User : exit.UserTime,
        Ran = exit.Ran ?? ran,
    };

    /// <summary>proc_pid_status(5), VmHWM.</summary>
    private static long? PeakOf(int pid)
    {
        Span<byte> text = stackalloc byte[StatusMax];
        var length = ProcessStat.ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"), text);
        var rest = text[..Math.Max(length, 0)];
        if (rest.IndexOf("\nVmHWM:"u8) is not (>= 0 and var at))
        {
            return null;
        }

        rest = rest[(at + "\nVmHWM:"u8.Length)..];
        var number = Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'k')]);
        return long.Parse(number.Trim(), NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
    }
}
