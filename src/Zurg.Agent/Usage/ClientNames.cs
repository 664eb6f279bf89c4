using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Usage;

/// <summary>
/// The client that a process is: an instance, if it came of one, else its program. Arguments are left out but the first, and that
/// only if it looks like a file (a script): the rest differs from run to run, and may be secret.
/// </summary>
internal static class ClientNames
{
    /// <summary>So many processes up is the one looked for that an instance began with.</summary>
    private const int AncestorsMax = 32;

    private const int WordMax = 60;

    private const int LineMax = 4_096;

    /// <param name="own">The instances of this host; others on the same machine are known by their environment.</param>
    public static UseClient Of(int pid, AgentState? own)
    {
        if (OwnInstance(pid, own) is { } instance)
        {
            return new UseClient(instance, Pid: pid);
        }

        var named = ProcessStat.Environ(pid).GetValueOrDefault("ZURG_INSTANCE");
        return InstanceId.TryParse(named, null, out var other)
            ? new UseClient(other, Pid: pid)
            : new UseClient(null, CommandOf(pid), Pid: pid);
    }

    /// <summary>python3 /opt/report.py, curl, or "a process that ended" when it has.</summary>
    public static string CommandOf(int pid)
    {
        Span<byte> line = stackalloc byte[LineMax];
        var length = ProcessStat.ReadFile($"/proc/{pid}/cmdline", line);
        return Words(length <= 0 ? "" : System.Text.Encoding.UTF8.GetString(line[..length]));
    }

    internal static string Words(string commandLine)
    {
        var words = commandLine.Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [] => "a process that ended",
            [var program, var first, ..] when IsFile(first) => $"{Short(Path.GetFileName(program))} {Short(first)}",
            [var program, ..] => Short(Path.GetFileName(program)),
        };
    }

    private static bool IsFile(string word) =>
        !word.StartsWith('-') && word.IndexOfAny(['=', '@', ' ', '\n']) < 0
        && !word.Contains("://", StringComparison.Ordinal) && word.IndexOfAny(['/', '.']) >= 0;

    private static string Short(string word) => word.Length <= WordMax ? word : word[..WordMax] + "...";

    private static InstanceId? OwnInstance(int pid, AgentState? own)
    {
        var instances = own?.Instances.Values.Where(i => i.Process is not null).ToList() ?? [];
        ProcessStat? process = ProcessStat.Read(pid);
        for (var i = 0; i < AncestorsMax && instances.Count > 0 && process is { } at; i++)
        {
            if (instances.Find(instance => at.Is(instance.Process!)) is { } owner)
            {
                return owner.Assigned.Instance;
            }

            process = ProcessStat.Read(at.Parent);
        }

        return null;
    }
}
