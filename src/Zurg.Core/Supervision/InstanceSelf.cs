using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a process of an instance is told of itself.</summary>
public enum SelfState
{
    Running,

    /// <summary>It is being stopped: what is under way is to end, nothing new to begin.</summary>
    Draining,

    /// <summary>Every new request is to be refused.</summary>
    Refusing,
}

/// <summary>A word to the processes of an instance about themselves.</summary>
/// <param name="Epoch">As in <see cref="AssignedInstance.TrafficEpoch"/>: what it goes by it hands back.</param>
/// <param name="Ends">It is being stopped, whatever its state.</param>
public sealed record SelfWord(SelfState State, long? Epoch, bool Ends);

/// <summary>What the processes of an instance are told of themselves, and what their answers come to (decision 029).</summary>
public static class InstanceSelf
{
    /// <summary>
    /// Draining never ends; refusing does when what is assigned no longer asks for it, but not for one that is to end: what is
    /// assigned then is about the next incarnation.
    /// </summary>
    public static SelfWord Of(InstanceState s)
    {
        var ends = s.Phase == InstancePhase.Stopping;
        var state = s.Assigned.Refuse == true || (ends && s.RefusesOn) ? SelfState.Refusing
            : ends ? SelfState.Draining
            : SelfState.Running;
        return new SelfWord(state, s.Assigned.TrafficEpoch, ends);
    }

    /// <summary>
    /// The epoch that everything in it goes by, for <see cref="InstanceStatus.TrafficEpoch"/>. Where nothing runs, what runs next
    /// begins with what is assigned; and what was never told to refuse accepts without a word.
    /// </summary>
    public static long? EpochOf(InstanceState s) => s.Phase switch
    {
        InstancePhase.Waiting or InstancePhase.Preparing or InstancePhase.Stopped => s.Assigned.TrafficEpoch,

        // Told by a master that did not ask whether it can be, one that speaks of nothing while it serves has not obeyed.
        InstancePhase.Running when s.Assigned.Refuse != true && !s.Counts => s.Assigned.TrafficEpoch,
        InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping or InstancePhase.Unknown =>
            s.Told || s.Assigned.Refuse == true ? s.Heard : s.Assigned.TrafficEpoch,
    };

    /// <summary>
    /// One that is to refuse begins so: what it is told over its socket comes when it may already accept. Said as late as can be,
    /// since a start takes a while to prepare, and to this process only: commands that get its environment are not to refuse.
    /// </summary>
    public static Launch Begin(AssignedInstance assigned, Launch launch) => assigned.Refuse == true
        ? launch with { Env = launch.Env.SetItem(LaunchBuilder.StateEnv, LaunchBuilder.StateRefusing) }
        : launch;

    /// <summary>It is to refuse, or has not said yet that it no longer does.</summary>
    public static bool MayRefuse(InstanceState s) =>
        Of(s).State == SelfState.Refusing || EpochOf(s) != s.Assigned.TrafficEpoch;

    /// <summary>What a changed word makes of the incarnation that has the old one.</summary>
    /// <param name="ends">It cannot go on under the new one.</param>
    public static InstanceState Change(InstanceState s, AssignedInstance assigned, bool ends)
    {
        var isSame = (s.Assigned.Refuse, s.Assigned.TrafficEpoch) == (assigned.Refuse, assigned.TrafficEpoch);
        var runs = s.Phase is InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping;
        var told = runs && s.Assigned.Refuse == true;
        return s with
        {
            Assigned = assigned,
            Refuses = isSame && s.Refuses,
            Told = s.Told || told,
            RefusesOn = s.RefusesOn || (told && (ends || s.Phase == InstancePhase.Stopping)),
        };
    }
}
