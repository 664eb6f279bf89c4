using System.Globalization;
using System.Text;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>The kernel's clock of processes: ticks since boot, 100 a second (time(7), USER_HZ). Nobody sets it.</summary>
internal static class ProcessClock
{
    public const long TicksPerSecond = 100;

    private const int LineMax = 128;

    public static TimeSpan Of(long ticks) => TimeSpan.FromTicks(ticks * (TimeSpan.TicksPerSecond / TicksPerSecond));

    /// <summary>Since the start of a process, to a hundredth of a second; null when it was started in an earlier boot.</summary>
    public static TimeSpan? AgeOf(ProcessIdentity process)
    {
        Span<byte> line = stackalloc byte[LineMax];
        var length = ProcessStat.ReadFile("/proc/uptime", line);
        if (process.BootId != ProcessStat.BootId || length <= 0)
        {
            return null;
        }

        var uptime = Encoding.ASCII.GetString(line[..length]).Split(' ')[0];
        var age = TimeSpan.FromSeconds(double.Parse(uptime, CultureInfo.InvariantCulture)) - Of(process.StartTicks);
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }
}
