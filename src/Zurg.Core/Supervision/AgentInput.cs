using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Everything that the agent's brain can be told. Each names the incarnation it is about: late ones fall through.</summary>
public abstract record AgentInput
{
    private AgentInput()
    {
    }

    /// <summary>Time went on. The loop sends one whenever <see cref="AgentCommit.WakeAt"/> has come.</summary>
    public sealed record Tick : AgentInput;

    public sealed record Assigned(Assignment Assignment) : AgentInput;

    /// <summary>The master keeps events up to this journal number.</summary>
    public sealed record EventsKept(long Number) : AgentInput;

    /// <summary>Release laid out and verified, ports picked, templates rendered: it can be started.</summary>
    /// <param name="Launch">What exactly to run, with every variable in it replaced.</param>
    public sealed record Prepared(InstanceId Instance, Incarnation Incarnation, Launch Launch) : AgentInput;

    public sealed record PrepareFailed(InstanceId Instance, Incarnation Incarnation, Hold Hold) : AgentInput;

    public sealed record Started(InstanceId Instance, Incarnation Incarnation, ProcessIdentity Process) : AgentInput;

    public sealed record StartFailed(InstanceId Instance, Incarnation Incarnation, Hold Hold) : AgentInput;

    /// <summary>The main process ended. Its tree may live on until it is killed.</summary>
    public sealed record Exited(InstanceId Instance, Incarnation Incarnation, ProcessExit Exit) : AgentInput;

    /// <summary>The whole tree is gone, nothing of this incarnation runs any more.</summary>
    public sealed record TreeGone(InstanceId Instance, Incarnation Incarnation) : AgentInput;

    public sealed record Probed(InstanceId Instance, Incarnation Incarnation, ProbeAnswer Answer) : AgentInput;

    /// <summary>A template's text changed while the instance runs.</summary>
    public sealed record TemplateChanged(InstanceId Instance, Incarnation Incarnation, TemplateSpec Template) : AgentInput;

    /// <summary>A template could not be rendered again, or can be again (then null).</summary>
    public sealed record TemplateHeld(InstanceId Instance, Incarnation Incarnation, Hold? Hold) : AgentInput;

    /// <summary>What a restarted agent found of an incarnation that its journal knows.</summary>
    /// <param name="Alive">Found by pid and start time.</param>
    public sealed record Found(InstanceId Instance, Incarnation Incarnation, bool Alive) : AgentInput;

    /// <summary>The agent is to end everything and then itself.</summary>
    public sealed record ShutDown : AgentInput;
}

/// <summary>A process, told from a later one with the same pid by when it started.</summary>
/// <param name="StartTicks">Field 22 of /proc/PID/stat: clock ticks since boot.</param>
public sealed record ProcessIdentity(int Pid, long StartTicks);

/// <param name="Code">The exit code when it ended by itself.</param>
/// <param name="Signal">The signal's number when one ended it; both null: it was not our child and nobody can tell.</param>
public sealed record ProcessExit(int? Code, int? Signal, bool CoreDumped, long? PeakMemory, TimeSpan? CpuTime);

/// <param name="Text">Why not, in plain language: connection refused; answered 503; another process listens on port 8080.</param>
public sealed record ProbeAnswer(bool Passed, string? Text = null);

/// <summary>A start with every variable replaced and every path absolute.</summary>
public sealed record Launch
{
    public required string Executable { get; init; }

    public ImmutableArray<string> Args { get; init; } = [];

    /// <summary>Complete: nothing of the agent's own environment comes on top.</summary>
    public required ImmutableSortedDictionary<string, string> Env { get; init; }

    public required string WorkingDirectory { get; init; }

    public required ImmutableSortedDictionary<PortName, int> Ports { get; init; }
}
