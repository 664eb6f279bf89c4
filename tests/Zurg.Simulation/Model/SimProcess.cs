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

    /// <summary>From then on its probe passes.</summary>
    public TimeSpan ReadyAt { get; init; }

    /// <summary>A file changed that it reads at its start only.</summary>
    public bool IsOutdated { get; set; }

    public bool WasSeenReady { get; set; }

    public Task<ProcessExit> Exit => _exit.Task;

    public bool End(int? code, int? signal) =>
        _exit.TrySetResult(new ProcessExit(code, signal, CoreDumped: false, PeakMemory: null, CpuTime: null));
}
