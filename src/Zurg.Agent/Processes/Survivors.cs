using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>
/// What an earlier agent of the same directory started and what still lives, known by nothing but its environment: the journal
/// may be gone. A process that wiped its environment is not found.
/// </summary>
internal static class Survivors
{
    private const int CommandMax = 64 * 1024;

    /// <summary>For all processes together.</summary>
    private static readonly TimeSpan BetweenProgramsMax = TimeSpan.FromSeconds(1);

    private static readonly string[] Proofs = ["fd/1", "fd/2", "cwd"];

    public static ImmutableArray<Stray> Find(AgentPaths paths)
    {
        var patience = BetweenProgramsMax;
        var found = new List<(InstanceId Instance, Incarnation Incarnation, ProcessStat Stat, Dictionary<string, string> Env)>();
        foreach (var stat in ProcessStat.ReadAll())
        {
            if (!stat.IsDead && stat.Pid != Environment.ProcessId
                && EnvironOf(stat.Pid, ref patience) is var env
                && env.GetValueOrDefault(ProcessTree.TokenVariable)?.Split('/') is [var key, var named, var numbered]
                && key == paths.Key
                && InstanceId.TryParse(named, CultureInfo.InvariantCulture, out var instance)
                && Incarnation.TryParse(numbered, CultureInfo.InvariantCulture, out var incarnation)
                && IsOurs(stat.Pid, paths))
            {
                found.Add((instance, incarnation, stat, env));
            }
        }

        return
        [
            .. found.GroupBy(f => (f.Instance, f.Incarnation)).OrderBy(g => g.Key).Select(group =>
            {
                // The agent makes each a session's leader; what daemonizes becomes one too, and later.
                var members = group.OrderBy(f => f.Stat.StartTicks).ThenBy(f => f.Stat.Pid).ToList();
                var leader = members.Find(f => f.Stat.Session == f.Stat.Pid);
                var main = leader.Env is null ? members[0] : leader;
                return StrayOf(main, leader.Env is null);
            }),
        ];
    }

    /// <summary>
    /// What is just becoming another program (a shell that execs the server, setpriv(1) that execs the shell) has no environment
    /// for a moment: whoever looked away then would start a second one.
    /// </summary>
    /// <param name="patience">What is left of <see cref="BetweenProgramsMax"/>; some processes never have an environment.</param>
    private static Dictionary<string, string> EnvironOf(int pid, ref TimeSpan patience)
    {
        var env = ProcessStat.Environ(pid);
        if (env.Count == 0 && ProcessStat.HasReadableMemory(pid))
        {
            var began = Stopwatch.GetTimestamp();
            SpinWait.SpinUntil(() => (env = ProcessStat.Environ(pid)).Count > 0, patience);
            patience = TimeSpan.FromTicks(Math.Max(0, (patience - Stopwatch.GetElapsedTime(began)).Ticks));
        }

        return env;
    }

    /// <summary>
    /// Anybody can put words into the environment of a process. What runs as another user counts only when it holds what the
    /// agent alone could give it: its log, or a place in a directory that others may not enter.
    /// </summary>
    private static bool IsOurs(int pid, AgentPaths paths) =>
        ProcessStat.UserOf(pid) is { } user
        && (user == Libc.EffectiveUser() || user == 0
            || Proofs.Any(
                link => LinkOf(pid, link)?.StartsWith(paths.Directory + "/", StringComparison.Ordinal) is true));

    private static Stray StrayOf(
        (InstanceId Instance, Incarnation Incarnation, ProcessStat Stat, Dictionary<string, string> Env) of, bool hasNoMain) =>
        new(
            of.Instance,
            of.Incarnation,
            hasNoMain ? null : of.Stat.Identity,
            ProcessClock.AgeOf(of.Stat.Identity) ?? TimeSpan.Zero,
            Digest.TryParse(of.Env.GetValueOrDefault(LaunchBuilder.SpecEnv), null, out var spec) ? spec : null,
            LaunchOf(of.Stat.Pid, of.Env),
            LinkOf(of.Stat.Pid, "fd/1")?.EndsWith(" (deleted)", StringComparison.Ordinal) is true);

    private static Launch LaunchOf(int pid, Dictionary<string, string> env)
    {
        var buffer = new byte[CommandMax];
        var length = ProcessStat.ReadFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"), buffer);
        var command = System.Text.Encoding.UTF8.GetString(buffer, 0, Math.Max(length, 0)).TrimEnd('\0').Split('\0');
        return new Launch
        {
            Executable = LinkOf(pid, "exe") ?? command[0],
            Args = [.. command.Skip(1)],
            Env = env.ToImmutableSortedDictionary(StringComparer.Ordinal),
            WorkingDirectory = LinkOf(pid, "cwd") ?? "/",
            Ports = PortsOf(env),
        };
    }

    /// <summary>Names lose their case and their '-' on the way into a variable: '-' is what names have (PortName).</summary>
    private static ImmutableSortedDictionary<PortName, int> PortsOf(Dictionary<string, string> env)
    {
        var ports = ImmutableSortedDictionary.CreateBuilder<PortName, int>();
        foreach (var (name, value) in env)
        {
            if (name.StartsWith(LaunchBuilder.PortEnvPrefix, StringComparison.Ordinal)
                && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                && PortName.TryParse(
                    name[LaunchBuilder.PortEnvPrefix.Length..].ToLowerInvariant().Replace('_', '-'),
                    CultureInfo.InvariantCulture, out var key))
            {
                ports[key] = port;
            }
        }

        return ports.ToImmutable();
    }

    private static string? LinkOf(int pid, string name)
    {
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{name}")).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
