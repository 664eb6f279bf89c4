using System.Globalization;

namespace Zurg.Core;

/// <summary>One message of sd_notify(3): lines of NAME=VALUE. What is not known here is left aside.</summary>
public sealed record NotifyWords
{
    public bool Ready { get; init; }

    public string? Status { get; init; }

    /// <summary>WATCHDOG=1.</summary>
    public bool Alive { get; init; }

    /// <summary>WATCHDOG=trigger: it knows itself that it is half dead.</summary>
    public bool GivesUp { get; init; }

    /// <summary>WATCHDOG_USEC: another time from now on; zero is none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>EXTEND_TIMEOUT_USEC.</summary>
    public TimeSpan? Extend { get; init; }

    public bool Stopping { get; init; }

    public int? MainPid { get; init; }

    public static NotifyWords Parse(string message)
    {
        var words = new NotifyWords();
        foreach (var line in message.Split('\n'))
        {
            words = line.Split('=', 2) switch
            {
                ["READY", "1"] => words with { Ready = true },
                ["STOPPING", "1"] => words with { Stopping = true },
                ["WATCHDOG", "1"] => words with { Alive = true },
                ["WATCHDOG", "trigger"] => words with { GivesUp = true },
                ["WATCHDOG_USEC", var time] => words with { Timeout = Microseconds(time) },
                ["EXTEND_TIMEOUT_USEC", var time] => words with { Extend = Microseconds(time) },
                ["STATUS", var status] => words with { Status = status },
                ["MAINPID", var pid] when int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number) =>
                    words with { MainPid = number },
                _ => words,
            };
        }

        return words;
    }

    private static TimeSpan? Microseconds(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= Most.TotalMicroseconds
            ? TimeSpan.FromMicroseconds(time)
            : null;

    /// <summary>More than any service means; it keeps sums within what a time can hold.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromDays(365);
}
