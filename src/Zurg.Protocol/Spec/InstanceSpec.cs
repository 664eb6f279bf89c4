using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// What one instance runs: the part of a service whose change needs a restart. Compared by <see cref="SpecDigest"/>, which is
/// taken once, when the spec is applied, and stored beside it: a newer build that adds a field changes no digest.
/// </summary>
public sealed record InstanceSpec
{
    public required ReleaseId Release { get; init; }

    /// <summary>The executable: a path inside the release, or an absolute one of the host.</summary>
    public required string Run { get; init; }

    public ImmutableArray<string> Args { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableSortedDictionary<string, string> Env { get; init => field = value ?? Wire.NoText; } = Wire.NoText;

    /// <summary>Absolute, or inside the instance's own directory; that directory itself when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The agent's own user when null.</summary>
    public string? User { get; init; }

    /// <summary>The user's own group when null.</summary>
    public string? Group { get; init; }

    /// <summary>On top of those that the host's group database gives the user. Null, not empty, when there are none.</summary>
    public ImmutableArray<string>? Groups { get; init; }

    /// <summary>Permission bits that files it makes do not get; the agent's own when null.</summary>
    public int? Umask { get; init; }

    /// <summary>-20 (first) to 19 (last); the agent's own when null.</summary>
    public int? Nice { get; init; }

    /// <summary>
    /// -1000 (never) to 1000 (first) when memory runs out (proc_pid_oom_score_adj(5)); the agent's own when null.
    /// </summary>
    public int? OomScoreAdj { get; init; }

    public ImmutableSortedDictionary<PortName, PortSpec> Ports { get; init => field = value ?? NoPorts; } = NoPorts;

    /// <summary>Null: ready once the process has run for a second.</summary>
    public ProbeSpec? Probe { get; init; }

    public LimitsSpec? Limits { get; init; }

    public WatchdogSpec? Watchdog { get; init; }

    public ImmutableArray<TemplateSpec> Templates { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// The values of those cluster settings that env and args name: a change of another setting restarts nothing.
    /// </summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init => field = value ?? Wire.NoText; } = Wire.NoText;

    /// <summary>
    /// Values of the service's own, this instance's in place of the service's: ${vars.NAME} and {{vars.NAME}}. Null, not empty,
    /// when there are none: the digest of a spec that never had any stays as it was.
    /// </summary>
    public ImmutableSortedDictionary<string, string>? Vars { get; init; }

    private static readonly ImmutableSortedDictionary<PortName, PortSpec> NoPorts =
        ImmutableSortedDictionary<PortName, PortSpec>.Empty;
}

/// <param name="Fixed">1 to 65535; null: the agent picks a free one of its range.</param>
public sealed record PortSpec(int? Fixed = null);

/// <summary>Null fields set no limit.</summary>
/// <param name="Memory">Bytes, of the instance's whole tree. Placement counts it against the host's memory.</param>
/// <param name="Cpu">In cores, of the whole tree; 0.5 is half of one.</param>
/// <param name="OpenFiles">File descriptors of one process (RLIMIT_NOFILE).</param>
/// <param name="Processes">Processes and threads of the instance together.</param>
/// <param name="Core">Bytes of a core dump (RLIMIT_CORE); this and the next three may be <see cref="Unlimited"/>.</param>
/// <param name="Stack">Bytes of the main thread's stack (RLIMIT_STACK).</param>
/// <param name="LockedMemory">Bytes that one process may keep from being swapped (RLIMIT_MEMLOCK).</param>
/// <param name="FileSize">Bytes of one file that it writes (RLIMIT_FSIZE).</param>
/// <param name="Enforce">What to do where memory, cpu or processes cannot be limited; null is best effort.</param>
public sealed record LimitsSpec(
    long? Memory = null, double? Cpu = null, int? OpenFiles = null, int? Processes = null, long? Core = null, long? Stack = null,
    long? LockedMemory = null, long? FileSize = null, LimitsEnforce? Enforce = null)
{
    public const long Unlimited = -1;
}

/// <summary>A process that says WATCHDOG=1 again and again (sd_notify(3)), and is half dead once it no longer does.</summary>
/// <param name="Timeout">So long it may say nothing once it is ready.</param>
/// <param name="Keep">What is kept of it before it is killed; null is nothing.</param>
public sealed record WatchdogSpec(TimeSpan Timeout, WatchdogKeep? Keep = null);

/// <param name="From">A Handlebars template inside the release.</param>
/// <param name="To">The generated file, inside the instance's directory.</param>
/// <param name="Then">What happens to a running instance when the text changed.</param>
/// <param name="Signal">For <see cref="TemplateThen.Reload"/>: a signal by name without SIG.</param>
/// <param name="Done">
/// For <see cref="TemplateThen.Reload"/>: asked again and again until it ends with 0, which says that the program goes by the new
/// file; null: what its processes show.
/// </param>
public sealed record TemplateSpec(
    string From, string To, TemplateThen Then, string? Signal = null, ImmutableArray<string>? Done = null);

/// <summary>The question whose answer makes an instance ready.</summary>
public sealed record ProbeSpec
{
    public required ProbeKind Kind { get; init; }

    /// <summary>For http and tcp.</summary>
    public PortName? Port { get; init; }

    /// <summary>For http: a GET of this path must answer 200 to 399.</summary>
    public string? Path { get; init; }

    /// <summary>For exec: exit code 0 passes. Run in the instance's directory with its environment.</summary>
    public ImmutableArray<string> Command { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Between two answers once the first has passed; before, the probe is eager: 10 ms, doubling up to this.</summary>
    public required TimeSpan Every { get; init; }

    /// <summary>An answer that takes longer is a failure.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>So many failures in a row make a ready instance unready; one pass makes it ready again.</summary>
    public required int FailAfter { get; init; }

    /// <summary>An instance that was never ready by then is killed and restarted like one that exited.</summary>
    public required TimeSpan StartTimeout { get; init; }
}
