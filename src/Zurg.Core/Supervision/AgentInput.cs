using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Everything that the agent's brain can be told.</summary>
public abstract record AgentInput
{
    private AgentInput()
    {
    }

    /// <summary>The agent has started with what its journal kept. The first input of every run.</summary>
    /// <param name="Epoch">Of this run.</param>
    /// <param name="Survivors">Everything that runs on this host and was started by an agent of this directory.</param>
    public sealed record Begun(Epoch Epoch, ImmutableArray<Stray> Survivors) : AgentInput;

    /// <summary>Time went on. Sent at least each second and whenever <see cref="AgentCommit.WakeAt"/> has come.</summary>
    public sealed record Tick : AgentInput;

    public sealed record Assigned(Assignment Assignment) : AgentInput;

    /// <summary>The master keeps events up to this journal number.</summary>
    public sealed record EventsKept(long Number) : AgentInput;

    /// <summary>The agent is to end everything and then itself.</summary>
    public sealed record ShutDown : AgentInput;

    /// <summary>The hands met something that people must be able to read later; it changes nothing else.</summary>
    /// <param name="Instance">Null when it is about the whole host.</param>
    /// <param name="Text">One plain sentence.</param>
    public sealed record Happened(EventKind Kind, InstanceId? Instance, string Text) : AgentInput;

    /// <summary>The answer to PrepareNext.</summary>
    /// <param name="Release">As in the effect.</param>
    /// <param name="Hold">Why a start of it would fail; null when it would not, as far as can be told before.</param>
    public sealed record NextChecked(InstanceId Instance, Digest Spec, Digest Release, Hold? Hold) : AgentInput;

    /// <summary>What the hands say of one incarnation: what is about an earlier one falls through.</summary>
    public abstract record OfInstance(InstanceId Instance, Incarnation Incarnation) : AgentInput;

    /// <summary>Release laid out and verified, ports picked, templates rendered: it can be started.</summary>
    /// <param name="Launch">What exactly to run, with every variable in it replaced.</param>
    public sealed record Prepared(InstanceId Instance, Incarnation Incarnation, Launch Launch)
        : OfInstance(Instance, Incarnation);

    public sealed record PrepareFailed(InstanceId Instance, Incarnation Incarnation, Hold Hold)
        : OfInstance(Instance, Incarnation);

    public sealed record Started(InstanceId Instance, Incarnation Incarnation, ProcessIdentity Process)
        : OfInstance(Instance, Incarnation);

    public sealed record StartFailed(InstanceId Instance, Incarnation Incarnation, Hold Hold) : OfInstance(Instance, Incarnation);

    /// <summary>
    /// The main process ended. Its tree may live on until it is killed. Comes after Started or Found, before TreeGone.
    /// </summary>
    public sealed record Exited(InstanceId Instance, Incarnation Incarnation, ProcessExit Exit)
        : OfInstance(Instance, Incarnation);

    /// <summary>The answer to KillTree: nothing of this incarnation runs any more.</summary>
    public sealed record TreeGone(InstanceId Instance, Incarnation Incarnation) : OfInstance(Instance, Incarnation);

    public sealed record Probed(InstanceId Instance, Incarnation Incarnation, ProbeAnswer Answer)
        : OfInstance(Instance, Incarnation);

    /// <summary>It did not say WATCHDOG=1 in time, or asked for this itself.</summary>
    /// <param name="Text">What happened, to stand behind "half dead: ".</param>
    public sealed record WatchdogExpired(InstanceId Instance, Incarnation Incarnation, string Text)
        : OfInstance(Instance, Incarnation);

    /// <summary>It asks for more time to become ready (EXTEND_TIMEOUT_USEC), counted from now.</summary>
    public sealed record StartExtended(InstanceId Instance, Incarnation Incarnation, TimeSpan By)
        : OfInstance(Instance, Incarnation);

    /// <summary>A template's text changed while the instance runs.</summary>
    public sealed record TemplateChanged(InstanceId Instance, Incarnation Incarnation, TemplateSpec Template)
        : OfInstance(Instance, Incarnation);

    /// <summary>A template could not be rendered again, or can be again (then null).</summary>
    public sealed record TemplateHeld(InstanceId Instance, Incarnation Incarnation, Hold? Hold)
        : OfInstance(Instance, Incarnation);

    /// <summary>The answer to Reload.</summary>
    /// <param name="SentAt">As in the effect.</param>
    /// <param name="Hold">What it waits for, to be shown; null: nothing, or not for long.</param>
    public sealed record ReloadTold(
        InstanceId Instance, Incarnation Incarnation, string Signal, DateTimeOffset SentAt, ReloadProgress Progress,
        Hold? Hold = null) : OfInstance(Instance, Incarnation);

    /// <summary>A process of it counts its requests, and goes by what it is told of itself.</summary>
    /// <param name="Refuses">It has heard that it is to refuse, and does.</param>
    /// <param name="Epoch">The one that all of its processes go by; null: they do not go by the same, or by none.</param>
    public sealed record SelfTold(InstanceId Instance, Incarnation Incarnation, bool Refuses, long? Epoch = null)
        : OfInstance(Instance, Incarnation);

    /// <summary>The agent cannot listen where its service says that it should (uses), or can again (then null).</summary>
    public sealed record UsesHeld(InstanceId Instance, Incarnation Incarnation, Hold? Hold)
        : OfInstance(Instance, Incarnation);

    /// <summary>The answer to RunStopCommand.</summary>
    /// <param name="Problem">One sentence: how it failed; null when it ended with 0.</param>
    public sealed record StopCommandEnded(InstanceId Instance, Incarnation Incarnation, string? Problem)
        : OfInstance(Instance, Incarnation);

    /// <summary>The answer to AwaitIdle, for each new count; the last one is nothing.</summary>
    public sealed record InFlight(InstanceId Instance, Incarnation Incarnation, InFlightCount Count)
        : OfInstance(Instance, Incarnation);

    /// <summary>What a restarted agent found of an incarnation that its journal knows.</summary>
    /// <param name="Process">Its main process, alive; null when that one is gone, whatever of its tree still runs.</param>
    /// <param name="Exit">How it ended while no agent watched it, when the kernel still tells; null when nobody knows.</param>
    /// <param name="Rebooted">It was a process of an earlier boot of this host: it ended with that.</param>
    public sealed record Found(
        InstanceId Instance, Incarnation Incarnation, ProcessIdentity? Process, ProcessExit? Exit = null, bool Rebooted = false)
        : OfInstance(Instance, Incarnation);
}

/// <summary>What a probe was answered.</summary>
/// <param name="Text">Why not, in plain language: connection refused; answered 503; another process listens on port 8080.</param>
/// <param name="AtOnce">A failure that counts without others: the process itself says so.</param>
/// <param name="Refused">It failed only in that it answers no new request, as an instance does that is told so.</param>
public sealed record ProbeAnswer(bool Passed, string? Text = null, bool AtOnce = false, bool Refused = false);
