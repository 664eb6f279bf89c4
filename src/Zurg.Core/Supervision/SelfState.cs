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

public static class InstanceSelf
{
    /// <summary>Draining never ends; refusing does when what is assigned no longer asks for it.</summary>
    public static SelfState Of(InstanceState s) =>
        s.Assigned.Refuse == true ? SelfState.Refusing
        : s.Phase == InstancePhase.Stopping ? SelfState.Draining
        : SelfState.Running;
}
