using System.Net.Sockets;
using Zurg.Agent.Probes;
using Zurg.Agent.Processes;
using Zurg.Agent.Templates;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>What is under way for one incarnation, from its preparation until its ports are free again.</summary>
internal sealed class IncarnationWork(InstanceId instance, Incarnation incarnation, string token) : IDisposable
{
    /// <summary>Looks whether one signal took effect, at the same time.</summary>
    private const int ReloadsMax = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<CancellationTokenSource>> _reloads = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _exitTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _probing;
    private CancellationTokenSource? _watching;
    private CancellationTokenSource? _waiting;
    private NotifySocket? _notify;
    private ProcessExit? _exit;
    private WatchdogTimer? _watchdog;
    private int _otherMainSaid;
    private bool _startTold;
    private bool _ended;
    private bool _over;

    public InstanceId Instance { get; } = instance;

    public Incarnation Incarnation { get; } = incarnation;

    public string Token { get; } = token;

    /// <summary>Its ports are given back: nothing more is to be begun for it.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Nothing of it is left, and nobody goes by its files any more; not set when only its agent ends.</summary>
    public bool IsOver => Volatile.Read(ref _over);

    /// <summary>The start or the search of its process, done when that is told; null when there was none.</summary>
    public Task? Begun { get; set; }

    /// <summary>What it runs, once there is a process or a search for one.</summary>
    public (AssignedInstance Assigned, Launch Launch)? Runs { get; set; }

    /// <summary>Its main process, once it was started or found here.</summary>
    public ProcessIdentity? Process { get; set; }

    /// <summary>Its cgroup, when it has one.</summary>
    public string? Cgroup { get; set; }

    /// <summary>The thread that started it, when it was started here and not by an earlier agent.</summary>
    public int? StartedBy { get; set; }

    /// <summary>What its main process had used when it was last looked at; null before that.</summary>
    public ProcessUsage? Usage { get; set; }

    /// <summary>How often that was looked at.</summary>
    public int Looks { get; set; }

    /// <summary>The end of its main process is watched for.</summary>
    public bool IsWatched { get; set; }

    /// <summary>Its main process was seen to end.</summary>
    public bool HasEnded => Volatile.Read(ref _exit) is not null;

    /// <summary>Done when the end of its main process is told; never while nothing is watched.</summary>
    public Task ExitTold => _exitTold.Task;

    public TemplateWatch? Templates { get; set; }

    /// <summary>While it runs.</summary>
    public WatchdogTimer? Watchdog { get => Volatile.Read(ref _watchdog); set => Volatile.Write(ref _watchdog, value); }

    /// <summary>Its main process has ended.</summary>
    /// <returns>Whether the brain is to be told now: of an end it hears after the start.</returns>
    public bool End(ProcessExit exit)
    {
        lock (_lock)
        {
            Volatile.Write(ref _exit, exit);
            return _startTold;
        }
    }

    /// <summary>The brain knows of the process.</summary>
    /// <returns>Its end, when that came meanwhile and is to be told now.</returns>
    public ProcessExit? SayStarted()
    {
        lock (_lock)
        {
            _startTold = true;
            return _exit;
        }
    }

    /// <summary>True once: what it repeats is no news.</summary>
    public bool SayOtherMain() => Interlocked.Exchange(ref _otherMainSaid, 1) == 0;

    public void SayExitTold() => _exitTold.TrySetResult();

    /// <summary>Bound once: what the process says before it is first asked waits there.</summary>
    /// <exception cref="SocketException">The name is taken.</exception>
    public NotifySocket Notify(string name)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            return _notify ??= new NotifySocket(name);
        }
    }

    /// <summary>The token of a new probe loop; the one before ends. Cancelled from the start when the work has ended.</summary>
    public CancellationToken BeginProbe()
    {
        lock (_lock)
        {
            _probing?.Cancel();
            _probing = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            return _probing.Token;
        }
    }

    /// <summary>The token of a watchdog: a new probe does not end it, the end of all probes does.</summary>
    public CancellationToken BeginWatchdog()
    {
        lock (_lock)
        {
            _watching?.Cancel();
            _watching = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            return _watching.Token;
        }
    }

    /// <summary>The token of a wait before the signal; the one before ends.</summary>
    public CancellationToken BeginWait()
    {
        lock (_lock)
        {
            _waiting?.Cancel();
            _waiting = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            return _waiting.Token;
        }
    }

    /// <summary>
    /// The token of a look whether a signal took effect. Those before go on: each can only be done earlier than one after it, and
    /// a process that gets signals all the time must get on. Of very many the last but one ends: the last waits for all that it
    /// waited for.
    /// </summary>
    public CancellationToken BeginReload(string signal)
    {
        lock (_lock)
        {
            if (!_reloads.TryGetValue(signal, out var open))
            {
                _reloads[signal] = open = [];
            }

            if (open.Count >= ReloadsMax)
            {
                open[^1].Cancel();
                open.RemoveAt(open.Count - 1);
            }

            open.Add(CancellationTokenSource.CreateLinkedTokenSource(_ending.Token));
            return open[^1].Token;
        }
    }

    /// <summary>One run of done: at a time: each ends what it finds of its kind first, and would end another look's.</summary>
    public SemaphoreSlim TurnOf(string signal)
    {
        lock (_lock)
        {
            return _turns.TryGetValue(signal, out var turn) ? turn : _turns[signal] = new SemaphoreSlim(1);
        }
    }

    public void EndReload(string signal, CancellationToken token)
    {
        lock (_lock)
        {
            _reloads.GetValueOrDefault(signal)?.RemoveAll(r => r.Token == token);
        }
    }

    public void EndWait()
    {
        lock (_lock)
        {
            _waiting?.Cancel();
        }
    }

    public void StopProbe()
    {
        lock (_lock)
        {
            _probing?.Cancel();
            _watching?.Cancel();
        }
    }

    /// <summary>Does it unless the work has ended; the end waits for it.</summary>
    public bool TryUnlessEnded(Action action)
    {
        lock (_lock)
        {
            if (!_ended)
            {
                action();
            }

            return !_ended;
        }
    }

    /// <summary>The end of the incarnation, not only of its agent.</summary>
    public void Release()
    {
        Volatile.Write(ref _over, true);
        Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _ending.Cancel();
            _notify?.Dispose();
        }
    }
}
