using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>A process on a simulated host, and whatever of its tree outlives it.</summary>
internal sealed class SimProcess(InstanceId instance, Incarnation incarnation, Digest spec, ProcessIdentity identity)
{
    private readonly TaskCompletionSource<ProcessExit> _exit = new();

    public InstanceId Instance => instance;

    public Incarnation Incarnation => incarnation;

    public Digest Spec => spec;

    public ProcessIdentity Identity => identity;

    public bool IsAlive => !_exit.Task.IsCompleted;

    /// <summary>Children that did not end with it.</summary>
    public bool HasTree { get; set; }

    public bool IgnoresTerm { get; init; }

    public required TimeSpan StartedAt { get; init; }

    /// <summary>From then on its probe passes.</summary>
    public TimeSpan ReadyAt { get; init; }

    /// <summary>It hears nobody while faults strike, and says nothing.</summary>
    public bool IsMute { get; init; }

    /// <summary>What its probe asks is refused with all other requests.</summary>
    public bool RefusesProbes { get; init; }

    /// <summary>What it does, and the number of the word that made it: 0 for none.</summary>
    public (SelfState State, long Epoch) GoesBy { get; set; }

    public bool Refuses => GoesBy.State == SelfState.Refusing;

    /// <summary>A file changed that it reads at its start only.</summary>
    public bool IsOutdated { get; set; }

    public bool WasSeenReady { get; set; }

    public Task<ProcessExit> Exit => _exit.Task;

    public bool End(int? code, int? signal) =>
        _exit.TrySetResult(new ProcessExit(code, signal, CoreDumped: false, PeakMemory: null, CpuTime: null));
}
