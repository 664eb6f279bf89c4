using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>The fixed lists of words that cluster.yaml knows: for the checks, and for the schema that editors use.</summary>
public static class SpecWords
{
    public static ImmutableArray<string> StopSignals { get; } = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"];

    public static ImmutableArray<string> ReloadSignals { get; } = ["HUP", "USR1", "USR2"];

    public static ImmutableArray<string> Rollbacks { get; } = ["auto", "manual"];
}
