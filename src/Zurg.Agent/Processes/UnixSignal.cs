using System.Collections.Frozen;
using System.Globalization;

namespace Zurg.Agent.Processes;

/// <summary>Signals by name without SIG, with the numbers of Linux on x86 and Arm (signal(7)).</summary>
internal static class UnixSignal
{
    public const int Kill = 9;

    private static readonly FrozenDictionary<string, int> Numbers = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["HUP"] = 1, ["INT"] = 2, ["QUIT"] = 3, ["ABRT"] = 6, ["KILL"] = Kill, ["USR1"] = 10, ["SEGV"] = 11, ["USR2"] = 12,
        ["PIPE"] = 13, ["ALRM"] = 14, ["TERM"] = 15, ["CONT"] = 18, ["STOP"] = 19, ["TSTP"] = 20, ["WINCH"] = 28,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The number; null for a name that is no signal.</summary>
    public static int? NumberOf(string name) => Numbers.TryGetValue(name, out var number) ? number : null;

    public static string NameOf(int number)
    {
        foreach (var (name, known) in Numbers)
        {
            if (known == number)
            {
                return "SIG" + name;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"signal {number}");
    }

    /// <summary>
    /// Signals that ask a program to do something while it goes on: they are for the main process alone. Its children rarely
    /// handle them, and the default action of each is to die.
    /// </summary>
    public static bool IsRequest(string name) => name is "HUP" or "USR1" or "USR2" or "WINCH";
}
