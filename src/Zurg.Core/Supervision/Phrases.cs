using System.Globalization;

namespace Zurg.Core;

/// <summary>How holds, exits and events say durations and ends.</summary>
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

    public static string Times(int count) => count == 1 ? "once" : Text($"{count} times");

    /// <summary>Why a process ended, for its exit record.</summary>
    /// <param name="killed">The agent sent SIGKILL before.</param>
    public static string Of(ProcessExit exit, StopOrder? stop, bool killed) => (stop, killed) switch
    {
        (null, _) => Of(exit),
        ({ Asked: false }, _) => $"{stop.Reason}, so it was killed",
        ({ Asked: true }, true) => $"{stop.Reason}; it still ran when the grace was over, so it was killed",
        ({ Asked: true }, false) => $"{stop.Reason}; {Of(exit)}",
    };

    public static string Of(ProcessExit exit) => (exit.Code, exit.Signal) switch
    {
        ({ } code, _) => Text($"exit code {code}"),
        (null, { } signal) => $"killed by {SignalName(signal)}{(exit.CoreDumped ? " (core dumped)" : "")}",
        (null, null) => "ended while no agent watched it, so nobody knows its exit code",
    };

    /// <summary>Numbers of signal(7) on x86 and ARM.</summary>
    private static string SignalName(int signal) => signal switch
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
