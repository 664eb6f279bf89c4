using System.Globalization;

namespace Zurg.Bench;

/// <summary>What a process has used so far, from /proc/PID/stat and /proc/PID/status (proc(5)).</summary>
/// <param name="Resident">Bytes.</param>
internal readonly record struct ProcessCost(TimeSpan Cpu, long Resident)
{
    /// <summary>The kernel shows ticks of a hundredth of a second to programs, whatever it counts in itself.</summary>
    private const int TicksPerSecond = 100;

    public static ProcessCost Of(int pid)
    {
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        // The name, in parentheses, may hold anything: fields are counted from behind it, the state being the third.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = Number(fields[11]) + Number(fields[12]);
        var resident = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"))
            .First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = Number(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        return new ProcessCost(TimeSpan.FromSeconds((double)ticks / TicksPerSecond), kilobytes * 1024);
    }

    private static long Number(string text) => long.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
