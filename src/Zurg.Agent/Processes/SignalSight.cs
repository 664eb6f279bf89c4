using System.Globalization;
using System.Text;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>What a process makes of one signal, from /proc/PID/status (proc_pid_status(5)).</summary>
/// <param name="IsPending">It was sent and not taken yet.</param>
/// <param name="IsCaught">It has a handler for it: it will not be ended by it.</param>
/// <param name="IsBlocked">
/// Its main thread keeps it back: to ask for it (sigwait(3), signalfd(2)), or for a moment while it forks.
/// </param>
/// <param name="IsIgnored">The kernel throws it away.</param>
internal readonly record struct SignalSight(bool IsPending, bool IsCaught, bool IsBlocked, bool IsIgnored)
{
    private const int StatusMax = 16 * 1024;

    /// <summary>Null when that process has ended.</summary>
    public static SignalSight? Read(ProcessIdentity process, int signal)
    {
        var buffer = new byte[StatusMax];
        var length = ProcessStat.ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Pid}/status"), buffer);
        return length > 0 && ProcessStat.IsAlive(process) ? Parse(Encoding.UTF8.GetString(buffer, 0, length), signal) : null;
    }

    public static SignalSight Parse(string status, int signal)
    {
        var masks = status.Split('\n').Select(l => l.Split(":\t")).Where(p => p.Length == 2)
            .Where(p => p[0] is "SigPnd" or "ShdPnd" or "SigBlk" or "SigIgn" or "SigCgt")
            .ToDictionary(p => p[0], p => ulong.Parse(p[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return new SignalSight(Has("SigPnd") || Has("ShdPnd"), Has("SigCgt"), Has("SigBlk"), Has("SigIgn"));

        // Bit 0 is signal 1.
        bool Has(string mask) => (masks.GetValueOrDefault(mask) >> (signal - 1) & 1) != 0;
    }
}
