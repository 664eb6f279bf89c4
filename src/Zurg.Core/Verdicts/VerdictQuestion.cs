using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Who is judged against whom.</summary>
public sealed record VerdictQuestion
{
    /// <summary>What the old instances run; their counts with another release are not looked at.</summary>
    public required ReleaseId From { get; init; }

    public required ReleaseId To { get; init; }

    /// <summary>
    /// When it began: the stage of the rollout. Counts of the new ones before it are not looked at; those of the old ones are
    /// what their dispersion and their p95 are known from.
    /// </summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Those that have the new one.</summary>
    public ImmutableArray<JudgedInstance> New { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>All of the service's others, in any cell: which of them are fair to compare with is the judge's choice.</summary>
    public ImmutableArray<JudgedInstance> Old { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="First">
/// The first incarnation that runs what it is judged for; what an earlier one of a new instance did is the old release's. Null:
/// all of them, but for those that the counts themselves name the old release of. Needed where only the spec is another.
/// </param>
public sealed record JudgedInstance(InstanceId Instance, HostId Host, CellName Cell, Incarnation? First = null);

/// <summary>What is kept of a service's counts, in any order: seconds of one caller that came in parts add up.</summary>
public sealed record ServiceCounts
{
    public ImmutableArray<TrafficSecond> Traffic { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<LifeCount> Lives { get; init => field = value.IsDefault ? [] : value; } = [];
}
