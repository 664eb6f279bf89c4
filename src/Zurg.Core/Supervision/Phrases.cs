using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How holds, exits and events say durations, sizes and ends.</summary>
internal static class Phrases
{
    public static string Of(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1000 } => Text($"{Math.Round(time.TotalMilliseconds)} ms"),
        { TotalSeconds: < 10 } => Text($"{Math.Round(time.TotalSeconds, 1)} s"),
        { TotalSeconds: < 120 } => Text($"{Math.Round(time.TotalSeconds)} s"),
        { TotalMinutes: < 120 } => Text($"{Math.Round(time.TotalMinutes)} min"),
        { TotalHours: < 48 } => Text($"{Math.Round(time.TotalHours)} h"),
        _ => Text($"{Math.Round(time.TotalDays)} days"),
    };

    public static string OfBytes(long bytes) => bytes switch
    {
        < 10L << 20 => Text($"{bytes >> 10} KiB"),
        < 10L << 30 => Text($"{bytes >> 20} MiB"),
        _ => Text($"{bytes >> 30} GiB"),
    };

    public static string Times(int count) => count == 1 ? "once" : Text($"{count} times");

    /// <summary>Why a process ended, for its exit record.</summary>
    /// <param name="killed">The agent sent SIGKILL before.</param>
    public static string Of(ProcessExit exit, StopOrder? stop, bool killed) => (stop, killed) switch
    {
        (null, _) => Of(exit),
        ({ Asked: false }, _) => $"{stop.Reason}, so it was killed",
        ({ Asked: true }, true) => $"{stop.Reason}{CutOf(stop)}; it still ran when the grace was over, so it was killed",
        ({ Asked: true }, false) => $"{stop.Reason}{CutOf(stop)}; {Of(exit)}",
    };

    private static string CutOf(StopOrder stop) => stop.Cut is { } cut ? $"; {cut}" : "";

    /// <summary>Why the next incarnation is begun.</summary>
    /// <param name="s">The one that is over.</param>
    public static string Follows(InstanceState s) =>
        s.HasExited ? $"the one before ended: {s.LastExit!.Reason}"
        : s.Stop is { } stop ? $"the one before ended: {stop.Reason}"
        : s.StartReason ?? "the one before never ran";

    public const string AgentStarted = "its agent was started";

    /// <summary>How long it ran and what it used, as far as that is known.</summary>
    public static string Use(InstanceExit exit)
    {
        var cpu = exit.CpuTime is not { } all ? null
            : exit.UserTime is { } user ? $"{Of(all)} of CPU ({Of(user)} user, {Of(all - user)} system)"
            : $"{Of(all)} of CPU";
        var peak = exit.PeakMemory is { } bytes ? Text($"{bytes / (1024.0 * 1024):0.#} MiB of memory at most") : null;
        var used = (cpu, peak) switch
        {
            (null, null) => "",
            (null, _) => $" and used {peak}",
            (_, null) => $" and used {cpu}",
            _ => $" and used {cpu}, {peak}",
        };
        return $"it ran {(exit.Unwatched ? "at most " : "")}{Of(exit.Ran)}{used}";
    }

    public static string Of(ProcessExit exit) => (exit.Code, exit.Signal) switch
    {
        ({ } code, _) => Text($"exit code {code}{(exit.Unwatched ? WhileAway : "")}"),
        (null, 9) when exit.OutOfMemory is { } sign => sign switch
        {
            OomSign.Likely => "killed by SIGKILL, which its agent did not send: the kernel's OOM killer struck on this host "
                + "then, most likely here",
            OomSign.Certain => "killed by the kernel's OOM killer: it went over its memory limit",
        },
        (null, { } signal) =>
            $"killed by {SignalName(signal)}{(exit.CoreDumped ? " (core dumped)" : "")}{(exit.Unwatched ? WhileAway : "")}",
        (null, null) when exit.Unwatched => "ended while no agent watched it, so nobody knows its exit code",
        (null, null) => "ended, and its exit code was lost: its agent was not its parent",
    };

    private const string WhileAway = " while no agent watched it";

    /// <summary>Numbers of signal(7) on x86 and ARM.</summary>
    public static string SignalName(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => Text($"signal {signal}"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
