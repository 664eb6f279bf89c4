using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>Where the cgroup v2 tree is and what of it the agent's process has, as files tell it (cgroups(7)).</summary>
/// <param name="MountInfo">/proc/self/mountinfo.</param>
/// <param name="Own">/proc/self/cgroup.</param>
/// <param name="IsDelegated">Whether a group was given to its processes to divide (Delegate=yes in a unit).</param>
internal sealed record CgroupPlace(string MountInfo, string Own, Func<string, bool> IsDelegated)
{
    public static CgroupPlace OfThisProcess() => new(
        File.ReadAllText("/proc/self/mountinfo"), File.ReadAllText("/proc/self/cgroup"), Libc.IsDelegated);
}

/// <summary>
/// One group for each incarnation with a limit of its whole tree, below the group that the agent was given. What there is not is
/// said: a mounted tree alone means nothing, only its controllers do.
/// </summary>
internal sealed class CgroupSite
{
    private const string AgentGroup = "zurg-agent";

    /// <summary>cpu.max counts in these: microseconds.</summary>
    private const int CpuPeriod = 100_000;

    private static readonly ImmutableArray<string> Wanted = ["cpu", "memory", "pids"];

    private readonly string? _directory;

    private CgroupSite(string? directory, ImmutableSortedSet<string> controllers, string? whyNot) =>
        (_directory, Controllers, WhyNot) = (directory, controllers, whyNot);

    /// <summary>Those that limits can be set by.</summary>
    public ImmutableSortedSet<string> Controllers { get; }

    /// <summary>Why there are none, or not all.</summary>
    public string? WhyNot { get; }

    /// <summary>Moves the agent itself into a group beside those that it makes: one with groups below holds no process.</summary>
    /// <param name="key">Tells this agent's groups from those of others in the same place.</param>
    public static CgroupSite Find(string key, CgroupPlace place, int pid)
    {
        if (BaseOf(place) is not { } top)
        {
            return None("no cgroup v2");
        }

        var offered = Lines(Path.Combine(top, "cgroup.controllers"));
        var usable = Wanted.Where(offered.Contains).ToImmutableSortedSet(StringComparer.Ordinal);
        if (usable.IsEmpty)
        {
            return None("no cgroup v2 controllers");
        }

        if (!place.IsDelegated(top))
        {
            return None($"cgroup v2 has {string.Join(", ", usable)}, "
                + $"but {top} was not given to the agent (Delegate=yes in its unit)");
        }

        try
        {
            var own = Directory.CreateDirectory(Path.Combine(top, AgentGroup)).FullName;
            Write(own, "cgroup.procs", Text(pid));
            var groups = Directory.CreateDirectory(Path.Combine(top, "zurg-" + key)).FullName;
            foreach (var directory in (string[])[top, groups])
            {
                Write(directory, "cgroup.subtree_control", string.Join(' ', usable.Select(c => "+" + c)));
            }

            return new CgroupSite(groups, usable, Wanted.Length == usable.Count ? null : $"{top} has no more");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None($"cgroup v2 cannot be used: {e.Message}");
        }
    }

    public static CgroupSite None(string whyNot) => new(null, [], whyNot);

    /// <summary>The group of an incarnation; null when none of its limits needs one here.</summary>
    /// <exception cref="IOException">The kernel did not take a limit: nothing may be started without it.</exception>
    public string? Make(InstanceId instance, Incarnation incarnation, LimitsSpec? limits)
    {
        (string Controller, string File, string? Value)[] all =
        [
            ("memory", "memory.max", limits?.Memory is { } memory ? Text(memory) : null),
            ("cpu", "cpu.max", limits?.Cpu is { } cpu ? $"{Text((long)(cpu * CpuPeriod))} {Text(CpuPeriod)}" : null),
            ("pids", "pids.max", limits?.Processes is { } pids ? Text(pids) : null),
        ];
        var set = all.Where(l => l.Value is not null && Controllers.Contains(l.Controller)).ToList();
        if (set.Count == 0)
        {
            return null;
        }

        var group = Directory.CreateDirectory(PathOf(instance, incarnation)!).FullName;
        foreach (var (_, file, value) in set)
        {
            Write(group, file, value!);
        }

        return group;
    }

    /// <summary>The group that an earlier agent made; null when there is none.</summary>
    public string? Existing(InstanceId instance, Incarnation incarnation) =>
        PathOf(instance, incarnation) is { } path && Directory.Exists(path) ? path : null;

    /// <summary>Null when the process was put into it.</summary>
    public static string? TryEnter(string group, int pid)
    {
        try
        {
            Write(group, "cgroup.procs", Text(pid));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"it cannot be put into {group}: {e.Message}";
        }
    }

    /// <summary>SIGKILL to all that is in it and below, at one moment: no fork outruns that. Linux 5.14 has it.</summary>
    public static void Kill(string group)
    {
        try
        {
            Write(group, "cgroup.kill", "1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An older kernel: the tree is searched for and killed process by process as where there is no group.
        }
    }

    /// <summary>False while something lives in it.</summary>
    public static bool TryRemove(string group)
    {
        try
        {
            Directory.Delete(group);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether the kernel killed in it because its memory limit was reached.</summary>
    public static bool WasOutOfMemory(string group) => Number(group, "memory.events", "oom_kill ") > 0;

    /// <summary>The most memory that all of it had together; null when the kernel does not tell.</summary>
    public static long? Peak(string group) => Number(group, "memory.peak", "");

    /// <summary>Removes what earlier agents left and nothing lives in; what is adopted stays.</summary>
    public void Sweep()
    {
        foreach (var group in _directory is { } directory ? Directory.GetDirectories(directory) : [])
        {
            TryRemove(group);
        }
    }

    private string? PathOf(InstanceId instance, Incarnation incarnation) =>
        _directory is { } directory ? Path.Combine(directory, $"{instance}-{incarnation}") : null;

    /// <summary>The group that the agent's process is in, without the part that an earlier agent of this process made.</summary>
    private static string? BaseOf(CgroupPlace place)
    {
        // proc_pid_mountinfo(5): the mount point is the fifth field, the kind stands behind a lone dash.
        var mount = place.MountInfo.Split('\n').Select(l => l.Split(' '))
            .FirstOrDefault(f => f.Length > 6 && f.SkipWhile(p => p != "-").Skip(1).FirstOrDefault() == "cgroup2")?[4];
        var own = place.Own.Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?["0::".Length..];
        if (mount is null || own is null)
        {
            return null;
        }

        var parts = own.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var path = parts is [.. var above, AgentGroup] ? above : parts;
        return Path.Combine([mount, .. path]);
    }

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllText(path).Split(' ', '\n') : [];

    private static long? Number(string group, string file, string prefix)
    {
        var path = Path.Combine(group, file);
        try
        {
            var line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith(prefix, StringComparison.Ordinal));
            return long.TryParse(line?[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(string directory, string file, string text) =>
        File.WriteAllText(Path.Combine(directory, file), text);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
