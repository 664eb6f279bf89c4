using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What the agent's brain wants done. The hands do it in the background and answer with an <see cref="AgentInput"/>; an effect
/// may be repeated after a crash, so each must be harmless when it was done before. Effects of one instance are begun in order.
/// </summary>
public abstract record AgentEffect
{
    private AgentEffect()
    {
    }

    /// <summary>Whom it is about.</summary>
    public InstanceId Subject => this switch
    {
        Prepare prepare => prepare.Assigned.Instance,
        PrepareNext next => next.Assigned.Instance,
        Start start => start.Assigned.Instance,
        Find find => find.Assigned.Instance,
        Probe probe => probe.Assigned.Instance,
        Watch watch => watch.Assigned.Instance,
        KeepStacks keep => keep.Instance,
        StopProbe stop => stop.Instance,
        RunStopCommand run => run.Assigned.Instance,
        AwaitIdle wait => wait.Instance,
        EndWait end => end.Instance,
        Signal signal => signal.Instance,
        Reload reload => reload.Assigned.Instance,
        KillTree kill => kill.Instance,
        ReleasePorts release => release.Instance,
        Forget forget => forget.Instance,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>
    /// Fetch and verify the release, pick ports, render templates. Answers Prepared or PrepareFailed. A restarted agent asks
    /// again, for a new incarnation.
    /// </summary>
    public sealed record Prepare(AssignedInstance Assigned, Incarnation Incarnation) : AgentEffect;

    /// <summary>
    /// Fetch, verify and lay out what an instance gets next, and check that it could be started, touching nothing of what runs.
    /// Answers NextChecked.
    /// </summary>
    /// <param name="Assigned">As it will be assigned.</param>
    /// <param name="Release">Comes back with the answer.</param>
    public sealed record PrepareNext(AssignedInstance Assigned, Digest Release) : AgentEffect;

    /// <summary>Spawn. Answers Started or StartFailed, and later Exited.</summary>
    public sealed record Start(AssignedInstance Assigned, Incarnation Incarnation, Launch Launch) : AgentEffect;

    /// <summary>
    /// Look whether a process of an earlier agent still lives; watch it if so. Answers Found, and later Exited when it was found.
    /// </summary>
    /// <param name="Process">Null: the agent died between its start and knowing its pid. Look for ZURG_INCARNATION then.</param>
    public sealed record Find(
        AssignedInstance Assigned, Incarnation Incarnation, ProcessIdentity? Process, Launch Launch) : AgentEffect;

    /// <summary>
    /// Ask the probe until told otherwise. Answers Probed for its first answer, for every failure, and for the first pass after
    /// one. A second probe of an incarnation replaces the first.
    /// </summary>
    /// <param name="Eager">Not passed yet: ask after 10 ms, doubling up to the probe's own interval.</param>
    public sealed record Probe(AssignedInstance Assigned, Incarnation Incarnation, ProcessIdentity Process,
        Launch Launch, bool Eager) : AgentEffect;

    /// <summary>No more probes of this incarnation, and no watchdog.</summary>
    public sealed record StopProbe(InstanceId Instance, Incarnation Incarnation) : AgentEffect;

    /// <summary>
    /// Listen for its WATCHDOG=1 from now on, and answer WatchdogExpired when it says nothing for too long. Ends with StopProbe.
    /// </summary>
    public sealed record Watch(AssignedInstance Assigned, Incarnation Incarnation, ProcessIdentity Process) : AgentEffect;

    /// <summary>
    /// Write down what the threads of its tree are doing. A KillTree that follows waits for it. Tells the event StacksKept.
    /// </summary>
    public sealed record KeepStacks(InstanceId Instance, Incarnation Incarnation, ProcessIdentity Process) : AgentEffect;

    /// <summary>
    /// Run stop.command with the instance's environment, directory and user. Answers StopCommandEnded. One that an earlier agent
    /// ran for this incarnation is ended first.
    /// </summary>
    public sealed record RunStopCommand(AssignedInstance Assigned, Incarnation Incarnation, Launch Launch) : AgentEffect;

    /// <summary>Look how much is under way, until nothing is. Answers InFlight.</summary>
    /// <param name="Ports">Those that it listens on.</param>
    /// <param name="Counts">Its processes say it themselves.</param>
    public sealed record AwaitIdle(
        InstanceId Instance, Incarnation Incarnation, ProcessIdentity Process, ImmutableArray<int> Ports, bool Counts)
        : AgentEffect;

    /// <summary>RunStopCommand and AwaitIdle end without an answer; a command that still runs is killed.</summary>
    public sealed record EndWait(InstanceId Instance, Incarnation Incarnation) : AgentEffect;

    /// <summary>A signal to the main process and its group; none when that process is gone.</summary>
    /// <param name="Name">By name without SIG.</param>
    public sealed record Signal(InstanceId Instance, Incarnation Incarnation, ProcessIdentity Process, string Name) : AgentEffect;

    /// <summary>
    /// Tell its process by the signal that files of it have changed, and look until it goes by them. Answers ReloadTold, for the
    /// first time that it is TakenOver and when it is Done, and with a hold when that takes long.
    /// </summary>
    /// <param name="Name">Of the signal, without SIG.</param>
    /// <param name="SentAt">Comes back with the answers.</param>
    public sealed record Reload(
        AssignedInstance Assigned, Incarnation Incarnation, ProcessIdentity Process, Launch Launch, string Name,
        DateTimeOffset SentAt) : AgentEffect;

    /// <summary>
    /// SIGKILL everything of this incarnation's tree, found by its session, its group and ZURG_INCARNATION, until nothing is
    /// left. Answers TreeGone, at once when nothing is left already.
    /// </summary>
    public sealed record KillTree(InstanceId Instance, Incarnation Incarnation, ProcessIdentity? Process) : AgentEffect;

    /// <summary>
    /// The incarnation has ended or was never started: its ports are free again, its template watch ends, and a Prepare of it
    /// that is still under way ends without holding any.
    /// </summary>
    public sealed record ReleasePorts(InstanceId Instance, Incarnation Incarnation) : AgentEffect;

    /// <summary>The instance has left this host: its directory and logs may be removed.</summary>
    public sealed record Forget(InstanceId Instance) : AgentEffect;
}
