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

    /// <summary>An open file for stdout and stderr; stays the caller's. Unused with a <see cref="Terminal"/>.</summary>
    public required int Output { get; init; }

    /// <summary>Another one for stderr; stays the caller's.</summary>
    public int? Error { get; init; }

    /// <summary>For stdin; stays the caller's. Nothing to read when null.</summary>
    public int? Input { get; init; }

    /// <summary>
    /// The path of a terminal that nobody's session has: stdin, stdout and stderr, and the controlling terminal of its session.
    /// </summary>
    public string? Terminal { get; init; }

    /// <summary>The agent's own user when null.</summary>
    public string? User { get; init; }

    /// <summary>The user's own when null.</summary>
    public string? Group { get; init; }

    /// <summary>On top of the user's own.</summary>
    public ImmutableArray<string>? Groups { get; init; }

    public int? Umask { get; init; }

    public int? Nice { get; init; }

    public int? OomScoreAdj { get; init; }

    /// <summary>Of single processes.</summary>
    public ImmutableSortedDictionary<ProcessLimit, long> Limits { get; init; } =
        ImmutableSortedDictionary<ProcessLimit, long>.Empty;

    /// <summary>The cgroup that it is put into; the agent's own when null.</summary>
    public string? Cgroup { get; init; }

    public RunAs RunAs => new(User, Group, Groups is { } groups ? string.Join(',', groups) : null);

    /// <summary>Whether something has to be set between its birth and its first instruction.</summary>
    public bool IsDressed => Umask is not null || Nice is not null || OomScoreAdj is not null || Cgroup is not null
        || !Limits.IsEmpty;
}

/// <summary>What came of a start.</summary>
internal abstract record SpawnOutcome
{
    private SpawnOutcome()
    {
    }

    /// <param name="Thread">Whose child it is.</param>
    public sealed record Started(ProcessIdentity Process, int Thread) : SpawnOutcome;

    public sealed record Held(Hold Hold) : SpawnOutcome;
}
