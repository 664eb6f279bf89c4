using Zurg.Core;

namespace Zurg.Simulation;

/// <summary>
/// One thread, one seed: every continuation of the simulated cluster is queued here and the next one is picked by the seed. A
/// task that arrives from another thread has left the simulation; the run fails then, since it could not be repeated (SAFETY.md
/// section 8).
/// </summary>
internal sealed class SimScheduler(ulong seed) : TaskScheduler
{
    private readonly List<Task> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private Prng _prng = new(seed);
    private string? _leak;

    /// <summary>A rolling hash of which task was picked of how many: equal for equal runs.</summary>
    public ulong Trace { get; private set; } = 14695981039346656037;

    public long Steps { get; private set; }

    public void Note(long fact) => Trace = (Trace ^ (ulong)fact) * 1099511628211;

    /// <summary>Runs what is ready until nothing is.</summary>
    /// <exception cref="InvalidOperationException">A task came from another thread.</exception>
    public void RunReady()
    {
        while (_ready.Count > 0)
        {
            var index = _prng.Next(_ready.Count);
            Note((_ready.Count << 16) + index);
            var task = _ready[index];
            _ready[index] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
            Steps++;
            TryExecuteTask(task);
        }

        if (_leak is not null)
        {
            throw new InvalidOperationException("work left the simulator's thread: " + _leak);
        }
    }

    /// <summary>Starts an activity; what escapes it fails the run.</summary>
    public Task Start(Func<Task> activity) =>
        Task.Factory.StartNew(activity, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    protected override void QueueTask(Task task)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _leak ??= Environment.StackTrace;
            return;
        }

        _ready.Add(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _ready;
}
