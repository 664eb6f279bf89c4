using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>As whom a service runs and what it may use: user, groups, umask, priorities and limits of a draft.</summary>
internal static class LimitsCheck
{
    private const int GroupsMax = 32;
    private const int UmaskMax = 0x1FF;

    public static void Check(string at, ServiceDraft draft, ProblemList problems)
    {
        CheckName($"{at}.user", "user", draft.User, "www-data", problems);
        CheckName($"{at}.group", "group", draft.Group, "www-data", problems);
        var groups = draft.Groups ?? [];
        for (var i = 0; i < groups.Length; i++)
        {
            CheckName($"{at}.groups[{i}]", "group", groups[i], "ssl-cert", problems);
        }
        if (groups.Length > GroupsMax)
        {
            problems.Add($"{at}.groups", $"{groups.Length} groups are too many", $"name at most {GroupsMax}");
        }
        if (draft.Umask is { } umask && Umask(umask) is null)
        {
            problems.Add($"{at}.umask", $"{Words.Quote(umask)} is no umask", "write three octal digits, for example \"027\"");
        }
        ServiceCheck.CheckRange($"{at}.nice", draft.Nice, -20, 19, problems);
        ServiceCheck.CheckRange($"{at}.oom_score_adj", draft.OomScoreAdj, -1000, 1000, problems);
        CheckWatchdog(at, draft, problems);
        CheckLimits($"{at}.limits", draft.Limits ?? new LimitsDraft(), problems);
    }

    /// <summary>Three or four octal digits; null when it is something else.</summary>
    public static int? Umask(string text) =>
        text.Length is 3 or 4 && text.All(c => c is >= '0' and <= '7')
        && text.Aggregate(0, (bits, digit) => (bits * 8) + (digit - '0')) is var mask and <= UmaskMax
            ? mask
            : null;

    /// <summary>In bytes; null when it is neither a size, nor 0, nor unlimited.</summary>
    public static long? Limit(string text) =>
        text == SpecWords.Unlimited ? LimitsSpec.Unlimited : text == "0" ? 0 : Measures.Size(text);

    private static void CheckWatchdog(string at, ServiceDraft draft, ProblemList problems)
    {
        ServiceCheck.CheckDuration(
            $"{at}.watchdog", draft.Watchdog, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1), problems);
        ServiceCheck.CheckWord(
            $"{at}.watchdog_keep", "thing to keep", draft.WatchdogKeep, SpecWords.WatchdogKeeps, problems);
        if (draft is { WatchdogKeep: not null, Watchdog: null })
        {
            problems.Add($"{at}.watchdog_keep", "there is no watchdog that would keep anything", "add watchdog: 30s");
        }
        if (draft.WatchdogKeep == "core" && draft.Limits?.Core is null or "0")
        {
            problems.Add($"{at}.watchdog_keep", "no core dump is allowed, so that none could be kept",
                "add limits: { core: unlimited }, or keep stacks");
        }
    }

    private static void CheckLimits(string at, LimitsDraft limits, ProblemList problems)
    {
        problems.Add($"{at}.memory", limits.Memory is null ? null : Measures.SizeProblem(limits.Memory, 1L << 20, 1L << 50));
        if (limits.Cpu is { } cpu && cpu is not (>= 0.01 and <= 4096))
        {
            problems.Add($"{at}.cpu",
                $"{cpu.ToString(CultureInfo.InvariantCulture)} cores are out of range", "it must be 0.01 to 4096");
        }
        ServiceCheck.CheckRange($"{at}.open_files", limits.OpenFiles, 16, 1 << 30, problems);
        ServiceCheck.CheckRange($"{at}.processes", limits.Processes, 1, 4_194_304, problems);
        CheckLimit($"{at}.core", limits.Core, 0, problems);
        CheckLimit($"{at}.stack", limits.Stack, 128L << 10, problems);
        CheckLimit($"{at}.locked_memory", limits.LockedMemory, 0, problems);
        CheckLimit($"{at}.file_size", limits.FileSize, 1L << 20, problems);
        ServiceCheck.CheckWord($"{at}.enforce", "way to enforce limits", limits.Enforce, SpecWords.Enforces, problems);
    }

    private static void CheckLimit(string at, string? text, long least, ProblemList problems)
    {
        if (text is null or SpecWords.Unlimited || (text == "0" && least == 0))
        {
            return;
        }
        problems.Add(at, Measures.SizeProblem(text, least, 1L << 50) is not { } problem ? null
            : (problem.Text, $"{problem.Mend}, or unlimited"));
    }

    private static void CheckName(string at, string kind, string? name, string example, ProblemList problems)
    {
        if (name is not null && !IsName(name))
        {
            problems.Add(at, $"{Words.Quote(name)} is no name of a {kind}",
                $"write the name of a {kind} of the host, such as {example}: 1 to 32 of a-z, 0-9, '_' and '-'");
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 32 && (char.IsAsciiLetterLower(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-');
}
