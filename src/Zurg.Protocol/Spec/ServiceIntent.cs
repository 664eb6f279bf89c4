using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>What people asked of a running service besides its spec.</summary>
public sealed record ServiceIntent
{
    public required ServiceName Service { get; init; }

    /// <summary>Stopped by a person: instances keep their places and do not run.</summary>
    public required bool Stopped { get; init; }

    /// <summary>How often a restart of the whole service was asked for: an instance with a lower count is due for one.</summary>
    public required long Restarts { get; init; }

    /// <summary>The same for single instances, on top of <see cref="Restarts"/>.</summary>
    public ImmutableSortedDictionary<InstanceId, long> InstanceRestarts { get; init => field = value ?? None; } = None;

    /// <summary>What people said of the rollout with its number; of an older one it is void. Null: nothing.</summary>
    public RolloutIntent? Rollout { get; init; }

    /// <summary>It is to have no instance any more, though the spec may still name it; null when it is not retired.</summary>
    public RetiredIntent? Retired { get; init; }

    public long RestartsOf(InstanceId instance) => Restarts + InstanceRestarts.GetValueOrDefault(instance);

    public static ServiceIntent Of(ServiceName service) => new() { Service = service, Stopped = false, Restarts = 0 };

    private static readonly ImmutableSortedDictionary<InstanceId, long> None = ImmutableSortedDictionary<InstanceId, long>.Empty;
}

/// <summary>A person's words on one rollout.</summary>
/// <param name="Number">Of the rollout.</param>
/// <param name="Paused">Nothing more is touched while it is true.</param>
/// <param name="Aborted">It goes back to what ran before.</param>
/// <param name="Retry">What was taken back is tried again as a new rollout.</param>
/// <param name="Resumes">How often a halted one was told to go on in spite of what halted it.</param>
/// <param name="Promotes">How often it was told to go on to the next stage without further waiting.</param>
/// <param name="PromoteAll">No more stages: the rest at once, within the budget.</param>
/// <param name="By">Who said the last of these.</param>
public sealed record RolloutIntent(
    long Number, bool Paused, bool Aborted, bool Retry, int Resumes, int Promotes, bool PromoteAll, string By);

/// <param name="By">Who retired it.</param>
public sealed record RetiredIntent(DateTimeOffset At, string By);
