using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>One process to start: everything about it is said, nothing is inherited.</summary>
internal sealed record SpawnRequest
{
    /// <summary>Absolute.</summary>
    public required string Executable { get; init; }

    public ImmutableArray<string> Args { get; init; } = [];

    public required ImmutableSortedDictionary<string, string> Env { get; init; }

    /// <summary>Absolute, and there.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>An open file for stdout and stderr; stays the caller's.</summary>
    public required int Output { get; init; }

    /// <summary>The agent's own user when null.</summary>
    public string? User { get; init; }

    /// <summary>Open files and processes only; memory and cpu are for cgroups.</summary>
    public LimitsSpec? Limits { get; init; }
}

/// <summary>What came of a start.</summary>
internal abstract record SpawnOutcome
{
    private SpawnOutcome()
    {
    }

    public sealed record Started(ProcessIdentity Process) : SpawnOutcome;

    public sealed record Held(Hold Hold) : SpawnOutcome;
}
