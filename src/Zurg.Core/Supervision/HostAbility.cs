using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A limit of single processes: setrlimit(2) by another name.</summary>
public enum ProcessLimit
{
    OpenFiles,
    Processes,
    Core,
    Stack,
    LockedMemory,
    FileSize,
}

/// <summary>
/// What the agent of one host may give the processes that it starts. What it may not is a hold, never a lower value.
/// </summary>
public sealed record HostAbility
{
    /// <summary>What only a controller can limit.</summary>
    private static readonly ImmutableArray<string> Whole = ["memory", "cpu"];

    /// <summary>As whom the agent runs.</summary>
    public required string User { get; init; }

    /// <summary>CAP_SETUID and CAP_SETGID.</summary>
    public required bool SetsUsers { get; init; }

    /// <summary>CAP_SYS_RESOURCE: above hard limits, and OOM scores below the agent's own.</summary>
    public required bool RaisesLimits { get; init; }

    /// <summary>The lowest nice value that it may set.</summary>
    public required int NiceMin { get; init; }

    /// <summary>The lowest OOM score that it may set.</summary>
    public required int OomScoreAdjMin { get; init; }

    /// <summary>fs.nr_open: above it not even root may go.</summary>
    public required long OpenFilesMax { get; init; }

    /// <summary>The agent's own hard limits; <see cref="LimitsSpec.Unlimited"/> for none.</summary>
    public required ImmutableSortedDictionary<ProcessLimit, long> Hard { get; init; }

    /// <summary>Of cgroup v2, those that the agent may use: memory, cpu, pids.</summary>
    public ImmutableSortedSet<string> Controllers { get; init; } = [];

    /// <summary>Why there are no more of them, in words.</summary>
    public string? NoControllers { get; init; }

    /// <summary>Why this host must not start it; null when it may.</summary>
    public Hold? HoldOf(InstanceSpec spec)
    {
        var problem = LimitProblem(spec.Limits ?? new LimitsSpec())
            ?? LowProblem("nice", spec.Nice, NiceMin)
            ?? LowProblem("oom_score_adj", spec.OomScoreAdj, OomScoreAdjMin)
            ?? ControllerProblem(spec.Limits);
        return problem is var (text, mend) ? new Hold(HoldReason.LimitNotAllowed, text, mend) : null;
    }

    /// <summary>The limits of single processes that a spec asks for.</summary>
    public ImmutableSortedDictionary<ProcessLimit, long> LimitsOf(LimitsSpec? limits)
    {
        // The pids controller counts the instance's own; RLIMIT_NPROC counts whatever its user runs.
        var processes = Controllers.Contains("pids") ? null : limits?.Processes;
        (ProcessLimit Limit, long? Value)[] all =
        [
            (ProcessLimit.OpenFiles, limits?.OpenFiles), (ProcessLimit.Processes, processes), (ProcessLimit.Core, limits?.Core),
            (ProcessLimit.Stack, limits?.Stack), (ProcessLimit.LockedMemory, limits?.LockedMemory),
            (ProcessLimit.FileSize, limits?.FileSize),
        ];
        return all.Where(l => l.Value is not null).ToImmutableSortedDictionary(l => l.Limit, l => l.Value!.Value);
    }

    /// <summary>For `zurg hosts`: what is enforced here, what is not, and why.</summary>
    public string Describe()
    {
        var enforced = new List<string> { "open files", "core", "stack", "locked memory", "file size" };
        enforced.AddRange(Controllers.Select(c => c == "pids" ? "processes" : c));
        if (!Controllers.Contains("pids"))
        {
            enforced.Add(SetsUsers ? "processes (by user, not root's)" : "processes (by user)");
        }

        string[] missing = [.. Whole.Where(c => !Controllers.Contains(c))];
        var not = missing.Length == 0 ? "" : $"; not {string.Join(", ", missing)}: {NoControllers ?? "no cgroup v2 controller"}";
        var users = SetsUsers ? "" : $"; users other than {User} cannot be set";
        return $"enforced: {string.Join(", ", enforced)}{not}{users}";
    }

    private (string Text, string Mend)? LimitProblem(LimitsSpec limits)
    {
        foreach (var (limit, wanted) in LimitsOf(limits))
        {
            if (limit == ProcessLimit.OpenFiles && wanted > OpenFilesMax)
            {
                return ($"limits.open_files: {Text(wanted)} is above what this host's kernel gives any process "
                    + $"(fs.nr_open is {Text(OpenFilesMax)})", "ask for less, or raise it there: sysctl fs.nr_open");
            }

            var hard = Hard.GetValueOrDefault(limit, LimitsSpec.Unlimited);
            var above = hard != LimitsSpec.Unlimited && (wanted == LimitsSpec.Unlimited || wanted > hard);
            if (above && !RaisesLimits)
            {
                var name = WireEnum.NameOf(limit);
                return ($"limits.{name}: {Show(wanted)} is above the hard limit of this host's agent ({Show(hard)}), which runs "
                    + $"as {User} and may not raise it", "ask for less, raise the agent's own limit (LimitNOFILE= and the like "
                    + "in its unit), or run the agent as root");
            }
        }

        return null;
    }

    private (string Text, string Mend)? ControllerProblem(LimitsSpec? limits)
    {
        if (limits?.Enforce is not LimitsEnforce.Required)
        {
            return null;
        }

        (string Name, string Controller, bool Wanted)[] all =
        [
            ("memory", "memory", limits.Memory is not null), ("cpu", "cpu", limits.Cpu is not null),
            ("processes", "pids", limits.Processes is not null),
        ];
        return all.FirstOrDefault(l => l.Wanted && !Controllers.Contains(l.Controller))
            is { Name: { } name, Controller: { } missing }
            ? ($"limits.{name} cannot be enforced on this host, and enforce: required asks for it: its agent has no {missing} "
                + $"controller ({NoControllers ?? "no cgroup v2 controller"})",
                "place it on another host, boot this one with cgroup v2 and run its agent with Delegate=yes, or write "
                + "enforce: best_effort")
            : null;
    }

    private (string Text, string Mend)? LowProblem(string name, int? wanted, int least) => wanted < least
        ? ($"{name}: {Text(wanted.Value)} is below {Text(least)}, the lowest that this host's agent may set (it runs as {User})",
            $"write {Text(least)} or more, or run the agent as root")
        : null;

    private static string Show(long value) => value == LimitsSpec.Unlimited ? SpecWords.Unlimited : Text(value);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
