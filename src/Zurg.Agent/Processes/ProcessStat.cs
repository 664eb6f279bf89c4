using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>One line of /proc/PID/stat (proc_pid_stat(5)): who it is, whose child, in which group and session.</summary>
/// <param name="State">R, S, D, T, ...; Z and X are dead.</param>
/// <param name="StartTicks">Clock ticks from boot to its start.</param>
internal readonly record struct ProcessStat(int Pid, char State, int Parent, int Group, int Session, long StartTicks)
{
    private const int LineMax = 1024;

    private const int EnvironmentMax = 256 * 1024;

    /// <summary>Dead, and kept only until its parent has asked for its exit code.</summary>
    public bool IsDead => State is 'Z' or 'X';

    public ProcessIdentity Identity => new(Pid, StartTicks, BootId);

    /// <summary>The kernel's boot id: ticks since boot mean nothing after another one.</summary>
    public static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Null when there is no such process.</summary>
    public static ProcessStat? Read(int pid)
    {
        Span<byte> line = stackalloc byte[LineMax];
        var length = ReadFile(PathOf(pid), line);
        return length > 0 ? Parse(pid, line[..length]) : null;
    }

    /// <summary>Everything that runs on this machine.</summary>
    public static List<ProcessStat> ReadAll()
    {
        var all = new List<ProcessStat>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(directory.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && Read(pid) is { } stat)
            {
                all.Add(stat);
            }
        }

        return all;
    }

    /// <summary>
    /// Whether the process as it was known still runs: the same pid with the same start, and not dead. One that cannot be looked
    /// at now, for want of files or memory, is not known to have ended.
    /// </summary>
    public static bool IsAlive(ProcessIdentity process)
    {
        Span<byte> line = stackalloc byte[LineMax];
        var length = ReadFile(PathOf(process.Pid), line);
        return length > 0
            ? Parse(process.Pid, line[..length]) is { IsDead: false } stat && stat.Is(process)
            : process.BootId == BootId && !SaysGone(length);
    }

    /// <param name="length">Of <see cref="ReadFile"/>.</param>
    public static bool SaysGone(int length) => length is -Libc.Errno.NotFound or -Libc.Errno.NoSuchProcess;

    private static string PathOf(int pid) => string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat");

    /// <summary>
    /// The wait status of a process that has ended and was not reaped yet: field 52 (proc_pid_stat(5)). Null when it lives, is
    /// gone, or the kernel does not tell this user.
    /// </summary>
    public static int? EndOf(ProcessIdentity process)
    {
        const int exitCodeField = 52;
        return Read(process.Pid) is { IsDead: true } stat && stat.Is(process)
            && MayKnow(process.Pid) && Numbers(process.Pid, exitCodeField - 2) is { } numbers
            && numbers[19] == process.StartTicks
                ? (int)numbers[exitCodeField - 3]
                : null;
    }

    /// <summary>The kernel says 0 to those who may not know (ptrace(2), access mode checking).</summary>
    private static bool MayKnow(int pid) => Libc.EffectiveUser() is var user && (user == 0 || user == UserOf(pid));

    /// <summary>
    /// Whether it has memory (field 23; the kernel's own threads have none) that this user may know of: who may not is told 1 in
    /// field 26.
    /// </summary>
    public static bool HasReadableMemory(int pid)
    {
        const int codeField = 26;
        return Numbers(pid, codeField - 2) is { } numbers && numbers[20] > 0 && numbers[codeField - 3] != 1;
    }

    /// <summary>Whether this is that process, and not a later one with its pid.</summary>
    public bool Is(ProcessIdentity process) =>
        Pid == process.Pid && StartTicks == process.StartTicks && process.BootId == BootId;

    /// <summary>Whether it was started with this variable in its environment. False when that may not be read.</summary>
    public static bool HasVariable(int pid, string assignment) => HasVariableLike(pid, assignment + '\0');

    /// <summary>Whether a variable with its value begins like this.</summary>
    public static bool HasVariableLike(int pid, string start)
    {
        var buffer = new byte[EnvironmentMax];
        var length = ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"), buffer);
        var wanted = Encoding.UTF8.GetBytes(start);
        var rest = buffer.AsSpan(0, Math.Max(length, 0));
        while (rest.IndexOf(wanted) is var at and >= 0)
        {
            if (at == 0 || rest[at - 1] == 0)
            {
                return true;
            }

            rest = rest[(at + wanted.Length)..];
        }

        return false;
    }

    /// <summary>The environment that it was started with; empty when that may not be read.</summary>
    public static Dictionary<string, string> Environ(int pid)
    {
        var buffer = new byte[EnvironmentMax];
        var length = ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"), buffer);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in Encoding.UTF8.GetString(buffer, 0, Math.Max(length, 0)).Split('\0'))
        {
            if (variable.Split('=', 2) is [{ Length: > 0 } name, var value])
            {
                variables.TryAdd(name, value);
            }
        }

        return variables;
    }

    /// <summary>Its effective user; null when it is gone (proc_pid_status(5), Uid).</summary>
    public static uint? UserOf(int pid)
    {
        var buffer = new byte[4 * LineMax];
        var length = ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"), buffer);
        var line = length <= 0 ? null : Encoding.UTF8.GetString(buffer, 0, length).Split('\n')
            .FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return line?.Split('\t') is [_, _, var effective, ..]
            && uint.TryParse(effective, CultureInfo.InvariantCulture, out var user)
            ? user
            : null;
    }

    /// <summary>Its command line for people, at most 80 characters; its pid alone when it is gone.</summary>
    public static string Describe(int pid)
    {
        Span<byte> buffer = stackalloc byte[LineMax];
        var length = ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"), buffer);
        var command = length <= 0 ? "" : Encoding.UTF8.GetString(buffer[..length]).Replace('\0', ' ').Trim();
        return command.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"process {pid}")
            : string.Create(
                CultureInfo.InvariantCulture, $"process {pid} ({(command.Length <= 80 ? command : command[..77] + "...")})");
    }

    /// <summary>The numbers of its line from field 3 on, so many; null when there is no such process.</summary>
    public static long[]? Numbers(int pid, int count)
    {
        Span<byte> line = stackalloc byte[LineMax];
        var length = ReadFile(PathOf(pid), line);
        return length > 0 ? Numbers(line[..length], count) : null;
    }

    private static ProcessStat? Parse(int pid, ReadOnlySpan<byte> line) =>
        Numbers(line, 20) is { } values
            ? new ProcessStat(
                pid, (char)line[line.LastIndexOf((byte)')') + 2], (int)values[1], (int)values[2], (int)values[3], values[19])
            : null;

    private static long[]? Numbers(ReadOnlySpan<byte> line, int count)
    {
        // The name in field 2 may hold blanks and brackets: the fields are counted from the last closing one.
        var rest = line[(line.LastIndexOf((byte)')') + 2)..].TrimEnd((byte)'\n');
        var values = new long[count];
        var index = 0;
        foreach (var range in rest.Split((byte)' '))
        {
            if (index >= values.Length)
            {
                break;
            }

            // Field 3 is a letter and stays 0.
            values[index++] = Utf8Parser.TryParse(rest[range], out long value, out _) ? value : 0;
        }

        return index < values.Length ? null : values;
    }

    /// <summary>Reads once, from the start. File.ReadAllBytes makes three times the system calls.</summary>
    /// <returns>How much; -ERRNO when it cannot be read.</returns>
    public static unsafe int ReadFile(string path, Span<byte> buffer)
    {
        const int readOnlyCloseOnExec = 0x80000;
        var fd = Libc.Open(path, readOnlyCloseOnExec, 0);
        if (fd < 0)
        {
            return -Libc.LastError;
        }

        var total = 0;
        fixed (byte* start = buffer)
        {
            nint got = 0;
            while (total < buffer.Length && (got = Libc.Read(fd, start + total, (nuint)(buffer.Length - total))) > 0)
            {
                total += (int)got;
            }

            total = got < 0 && total == 0 ? -Libc.LastError : total;
        }

        _ = Libc.Close(fd);
        return total;
    }
}
