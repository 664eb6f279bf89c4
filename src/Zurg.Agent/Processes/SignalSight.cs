using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
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
        if (length <= 0 || !ProcessStat.IsAlive(process))
        {
            return null;
        }

        var sight = Parse(Encoding.UTF8.GetString(buffer, 0, length), signal);
        return sight is { IsCaught: false, IsBlocked: false, IsIgnored: false } && IsWaitedFor(process.Pid, signal)
            ? sight with { IsBlocked = true }
            : sight;
    }

    /// <summary>
    /// While sigwait(3) waits the kernel leaves what it waits for out of SigBlk (rt_sigtimedwait in kernel/signal.c). The call
    /// and the address of its set are in /proc/PID/syscall; who may not read that or the memory is told no.
    /// </summary>
    private static bool IsWaitedFor(int pid, int signal)
    {
        try
        {
            var call = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/syscall")).Split(' ');
            if (call.Length < 2 || call[0] != WaitCall)
            {
                return false;
            }

            var address = long.Parse(call[1].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Span<byte> set = stackalloc byte[sizeof(ulong)];
            using var memory = File.OpenHandle(
                string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/mem"), share: FileShare.ReadWrite);
            return RandomAccess.Read(memory, set, address) == set.Length
                && (BinaryPrimitives.ReadUInt64LittleEndian(set) >> (signal - 1) & 1) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return false;
        }
    }

    /// <summary>The number of rt_sigtimedwait.</summary>
    private static string WaitCall => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "137" : "128";

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
