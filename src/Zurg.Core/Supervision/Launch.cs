using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A start with every variable replaced and every path absolute.</summary>
public sealed record Launch
{
    public required string Executable { get; init; }

    public ImmutableArray<string> Args { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Complete: nothing of the agent's own environment comes on top.</summary>
    public required ImmutableSortedDictionary<string, string> Env { get; init; }

    public required string WorkingDirectory { get; init; }

    public required ImmutableSortedDictionary<PortName, int> Ports { get; init; }
}
