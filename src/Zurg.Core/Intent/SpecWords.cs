using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>The fixed lists of words that cluster.yaml knows: for the checks, and for the schema that editors use.</summary>
public static class SpecWords
{
    public static ImmutableArray<string> StopSignals { get; } = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"];

    public static ImmutableArray<string> ReloadSignals { get; } = ["HUP", "USR1", "USR2"];

    public const string ValueNameRule = "use 1 to 63 letters, digits, '_' and '-', with a letter or '_' first";

    /// <summary>Of a setting or a var: what can stand behind a dot in ${settings.NAME}.</summary>
    public static bool IsValueName(string name) => name.Length is > 0 and <= 63
        && (char.IsAsciiLetter(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    public static ImmutableArray<string> AutoOrManual { get; } = ["auto", "manual"];

    public static ImmutableArray<string> Enforces { get; } = ["best_effort", "required"];

    public static ImmutableArray<string> WatchdogKeeps { get; } = ["nothing", "stacks", "core"];

    public const string Unlimited = "unlimited";
}
