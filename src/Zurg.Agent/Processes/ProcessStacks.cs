using System.Globalization;
using System.Text;
using Zurg.Core;

namespace Zurg.Agent.Processes;

/// <summary>
/// What each thread of a process tree is doing, as the kernel tells it (proc_pid_wchan(5), proc_pid_syscall(5),
/// proc_pid_stack(5)): where a process hangs that still runs. The last two are for root alone.
/// </summary>
internal static class ProcessStacks
{
    private const int ProcessesMax = 64;
    private const int ThreadsMax = 256;
    private const int PartMax = 8 * 1024;
    private const int TextMax = 1024 * 1024;

    /// <summary>At most 1 MiB; what is beyond is left out and said so.</summary>
    public static (string Text, int Processes, int Threads) Read(ProcessIdentity main, string token)
    {
        var text = new StringBuilder();
        var tree = ProcessTree.Living(main, token, watched: true).OrderBy(p => p.Pid).Take(ProcessesMax).ToList();
        var threads = 0;
        foreach (var process in tree)
        {
            var head = string.Create(CultureInfo.InvariantCulture,
                $"process {process.Pid}, child of {process.Parent}: {ProcessStat.Describe(process.Pid)}\n");
            text.Append(head);
            foreach (var thread in ThreadsOf(process.Pid).Take(ThreadsMax).TakeWhile(_ => text.Length < TextMax))
            {
                threads++;
                Append(text, string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Pid}/task/{thread}"), thread);
            }
        }

        if (text.Length > TextMax)
        {
            text.Length = TextMax;
            text.Append("\n(there is more, left out)\n");
        }

        return (text.ToString(), tree.Count, threads);
    }

    private static void Append(StringBuilder text, string directory, int thread)
    {
        text.Append(CultureInfo.InvariantCulture, $"  thread {thread} ({Part(directory, "comm")})\n");
        var state = Part(directory, "status").Split('\n').FirstOrDefault(l => l.StartsWith("State:", StringComparison.Ordinal));
        text.Append(CultureInfo.InvariantCulture, $"    {state?.Replace('\t', ' ') ?? "State: gone"}\n");
        foreach (var name in (string[])["wchan", "syscall", "stack"])
        {
            var part = Part(directory, name);
            text.Append(CultureInfo.InvariantCulture, $"    {name}: ");
            text.Append(part.Length == 0 ? "not told" : part.Replace("\n", "\n      ", StringComparison.Ordinal)).Append('\n');
        }
    }

    private static IEnumerable<int> ThreadsOf(int pid)
    {
        var directory = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task");
        try
        {
            return Directory.GetDirectories(directory)
                .Select(d => int.Parse(Path.GetFileName(d), CultureInfo.InvariantCulture)).Order();
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return [];
        }
    }

    private static string Part(string directory, string name)
    {
        var buffer = new byte[PartMax];
        var length = ProcessStat.ReadFile(Path.Combine(directory, name), buffer);
        return length <= 0 ? "" : Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n', '\0');
    }
}
