using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>One service as wanted, every default filled in.</summary>
public sealed record ServiceSpec
{
    public required ServiceName Name { get; init; }

    public required ScaleSpec Scale { get; init; }

    /// <summary>Host labels an instance needs: every key must have one of its values.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Constraints { get; init => field = value ?? Wire.NoLists; } =
        Wire.NoLists;

    /// <summary>Services this one talks to. A first instance starts only when each of them has an endpoint.</summary>
    public ImmutableArray<ServiceName> DependsOn { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Where the agent listens for programs that cannot be changed, ordered by service; takes effect on running instances at
    /// once, without a restart.
    /// </summary>
    public ImmutableArray<UseSpec> Uses { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// What runs. A change of it reaches a running instance only by a restart. See <see cref="InstanceOf"/> for one instance's.
    /// </summary>
    public required InstanceSpec Instance { get; init; }

    /// <summary>By index: variables of single instances, each in place of one of the service's; or null.</summary>
    public ImmutableSortedDictionary<int, ImmutableSortedDictionary<string, string>>? PerInstance { get; init; }

    /// <summary>What one instance runs: the service's spec with the instance's own variables.</summary>
    public InstanceSpec InstanceOf(int index) => PerInstance?.GetValueOrDefault(index) is { } own
        ? Instance with { Vars = (Instance.Vars ?? Wire.NoText).SetItems(own) }
        : Instance;

    /// <summary>Takes effect on running instances at once, without a restart.</summary>
    public required RestartPolicy Restart { get; init; }

    /// <summary>Takes effect on running instances at once, without a restart.</summary>
    public required StopPolicy Stop { get; init; }

    /// <summary>Takes effect at once, without a restart. Null in a spec of an earlier build: the defaults.</summary>
    public LogPolicy? Logs { get; init; }

    public required UpdatePolicy Update { get; init; }
}

/// <summary>How many instances, and where. Exactly one of the three is set.</summary>
public sealed record ScaleSpec
{
    /// <summary>So many in all, spread over cells, then hosts; 0 to 10,000.</summary>
    public int? Instances { get; init; }

    /// <summary>So many on every host that fits; 1 to 100.</summary>
    public int? PerHost { get; init; }

    /// <summary>One on each of these.</summary>
    public ImmutableArray<HostId> Hosts { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Delay">The wait before the second restart within the window; the first is immediate. Doubles up to
/// <paramref name="MaxDelay"/>.</param>
/// <param name="Window">Ends within this time count against <paramref name="Attempts"/>.</param>
/// <param name="Attempts">
/// So many restarts within the window; then a hold until the window moved on or somebody says restart.
/// </param>
public sealed record RestartPolicy(TimeSpan Delay, TimeSpan MaxDelay, TimeSpan Window, int Attempts);

/// <param name="Signal">By name without SIG: TERM, INT, QUIT, HUP, USR1, USR2 or KILL.</param>
/// <param name="Grace">From the signal until the whole tree is killed.</param>
/// <param name="Drain">
/// Consumers are waited for so long, at most, before a planned stop; zero: not at all. Null in a spec of an earlier build: 30 s.
/// </param>
/// <param name="Command">
/// Run before the signal, within the drain; its variables are replaced on the host. Null, not empty, when there is none.
/// </param>
public sealed record StopPolicy(string Signal, TimeSpan Grace, TimeSpan? Drain = null, ImmutableArray<string>? Command = null)
{
    public static readonly TimeSpan DrainUsual = TimeSpan.FromSeconds(30);

    /// <summary>The limit of a drain.</summary>
    [JsonIgnore]
    public TimeSpan DrainLimit => Drain ?? DrainUsual;
}

/// <summary>What is kept of what the instances write to stdout and stderr.</summary>
/// <param name="MaxSize">Bytes on one host for all of the service's instances there together.</param>
/// <param name="MaxAge">Older lines are removed.</param>
public sealed record LogPolicy(long MaxSize, TimeSpan MaxAge);

/// <summary>How a change goes out.</summary>
/// <param name="Canary">Instances that get it first.</param>
/// <param name="Batch">How many at a time: a number or per cent such as 25%.</param>
/// <param name="Bake">The wait between batches.</param>
/// <param name="MaxUnavailable">Instances that may be down on purpose at once.</param>
/// <param name="Surge">Instances that may be started on top.</param>
/// <param name="Rollback">Whether a halted change goes back by itself.</param>
public sealed record UpdatePolicy(int Canary, string Batch, TimeSpan Bake, int MaxUnavailable, int Surge, RollbackMode Rollback)
{
    public static readonly TimeSpan ReadyWithinUsual = TimeSpan.FromMinutes(5);

    /// <summary>How many batches, in place of <see cref="Batch"/>; null: as that says.</summary>
    public int? Batches { get; init; }

    /// <summary>Each stage but the last waits for zurg rollout promote; null: it goes on by itself after the bake.</summary>
    public bool? ManualPromotion { get; init; }

    /// <summary>One cell after another, in the order of the spec; null: all together.</summary>
    public bool? ByCell { get; init; }

    /// <summary>An instance that is not ready so long after its change failed; null: <see cref="ReadyWithinUsual"/>.</summary>
    public TimeSpan? ReadyWithin { get; init; }

    /// <summary>All new instances are started beside the old ones and take over in one step; null: in batches.</summary>
    public BlueGreenPolicy? BlueGreen { get; init; }
}

/// <param name="Keep">The old side runs on, unlisted, so long after the switch: the instant way back.</param>
/// <param name="Strict">The old side refuses new requests before the new one accepts any.</param>
public sealed record BlueGreenPolicy(TimeSpan Keep, bool Strict);
