using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Artifacts;
using Zurg.Agent.Cores;
using Zurg.Agent.Exec;
using Zurg.Agent.Local;
using Zurg.Agent.Ports;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>
/// Does what the agent's brain wants done, each effect as a task of its own, and tells what came of it. It must see every state
/// before the effects of that state are begun: settings and the ports of earlier incarnations come from there.
/// </summary>
internal sealed partial class AgentHands : IAgentHands, IAgentObserver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<(InstanceId, Incarnation), IncarnationWork> _works = new();
    private readonly AgentSite _site;
    private readonly PortPool _ports;
    private readonly Func<AgentInput, CancellationToken, ValueTask> _tell;
    private readonly ILogger _logger;
    private readonly TemplateSource _templates;
    private readonly TemplateHands _templateHands;
    private readonly Preparation _preparation;
    private readonly NextPreparation _next;
    private readonly EnvSource _envs;
    private readonly ExecPlanning _execs;
    private readonly ProcessHands _processes;
    private readonly WatchdogHands _watchdogs;
    private readonly ProbeHands _probes;
    private readonly StopHands _stops;
    private readonly ReloadHands _reloads;
    private readonly TaskSet _tasks;
    private AgentState? _newest;

    /// <param name="site">Its directory exists.</param>
    /// <param name="ports">First and last of the range for dynamic ones, below the ephemeral range.</param>
    /// <param name="tell">The way into the agent's loop; waits while that is full.</param>
    public AgentHands(
        AgentSite site,
        (int From, int To) ports,
        IReleaseStore releases,
        TemplateSource templates,
        ICoreKeeper cores,
        SelfDesk selves,
        Func<AgentInput, CancellationToken, ValueTask> tell,
        TimeProvider time,
        ILogger logger)
    {
        (_site, _tell, _logger) = (site, tell, logger);
        var begin = int.Parse(site.Paths.Key.AsSpan(0, 7), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        _ports = new PortPool(ports.From, ports.To, begin);
        _templates = templates;
        _templateHands = new TemplateHands(site, templates, tell, time);
        _preparation = new Preparation(site, releases, _ports, templates);
        _next = new NextPreparation(site, releases, _preparation, _ports);
        _envs = new EnvSource(site, _preparation, _ports);
        _watchdogs = new WatchdogHands(site, tell, time);
        _execs = new ExecPlanning(site, _envs);
        _processes = new ProcessHands(site, tell, cores, time);
        var commands = new SideCommand(site, _preparation, time);
        _stops = new StopHands(commands, selves, tell, time);
        _reloads = new ReloadHands(site, commands, tell, time, logger);
        _probes = new ProbeHands(site, _preparation, _watchdogs, tell, time, logger);
        _tasks = new TaskSet(e => Log.EffectFailed(logger, site.Host, e));
        Directory.CreateDirectory(site.Paths.Logs);
        if (!Lineage.Begin())
        {
            Log.NoSubreaper(logger, site.Host);
        }

        _tasks.Begin(new OrphanReaper(time).RunAsync);
        _tasks.Begin(stop => Accounts.RefreshAsync(time, stop));
        _tasks.Begin(stop => site.Ooms.RunAsync(time, stop));
        site.Cgroups.Sweep();
        _tasks.Begin(new UsageWatch(() => _works.Values, time).RunAsync);
        _tasks.Begin(stop => _templateHands.SweepAsync(() => _works.Values, stop));
    }

    public void Begin(AgentEffect effect)
    {
        switch (effect)
        {
            case AgentEffect.Prepare prepare:
                var preparing = WorkOf(prepare.Assigned.Instance, prepare.Incarnation);
                _tasks.Begin(stop => PrepareAsync(prepare, preparing, stop));
                break;
            case AgentEffect.PrepareNext next:
                _tasks.Begin(stop => PrepareNextAsync(next, stop));
                break;
            case AgentEffect.Start start:
                var starting = WorkOf(start.Assigned.Instance, start.Incarnation);
                starting.Begun = _tasks.Run(stop => _processes.StartAsync(start, starting, _tasks, stop));
                break;
            case AgentEffect.Find find:
                var seeking = WorkOf(find.Assigned.Instance, find.Incarnation);
                seeking.Begun = _tasks.Run(stop => FindAsync(find, seeking, stop));
                break;
            case AgentEffect.Probe probe:
                _probes.Begin(probe, WorkOf(probe.Assigned.Instance, probe.Incarnation), _tasks);
                break;
            case AgentEffect.Watch watch:
                _probes.Begin(watch, WorkOf(watch.Assigned.Instance, watch.Incarnation), _tasks);
                break;
            case AgentEffect.KeepStacks keep:
                var half = WorkOf(keep.Instance, keep.Incarnation);
                half.Begun = _tasks.Run(stop => _watchdogs.KeepStacksAsync(keep, half, stop));
                break;
            case AgentEffect.StopProbe end:
                if (_works.TryGetValue((end.Instance, end.Incarnation), out var asked))
                {
                    asked.StopProbe();
                }

                break;
            case AgentEffect.RunStopCommand run:
                Wait(
                    WorkOf(run.Assigned.Instance, run.Incarnation),
                    (work, stop) => _stops.RunCommandAsync(run, work, Settings, stop));
                break;
            case AgentEffect.AwaitIdle wait:
                Wait(WorkOf(wait.Instance, wait.Incarnation), (_, stop) => _stops.AwaitIdleAsync(wait, stop));
                break;
            case AgentEffect.EndWait over:
                WorkOf(over.Instance, over.Incarnation).EndWait();
                break;
            case AgentEffect.Signal signal:
                Send(signal);
                break;
            case AgentEffect.Reload reload:
                Reload(reload, WorkOf(reload.Assigned.Instance, reload.Incarnation));
                break;
            case AgentEffect.KillTree kill:
                var killing = WorkOf(kill.Instance, kill.Incarnation);
                _tasks.Begin(stop => _processes.KillAsync(kill.Process, killing, stop));
                break;
            case AgentEffect.ReleasePorts release:
                if (_works.TryRemove((release.Instance, release.Incarnation), out var ended))
                {
                    ended.Release();
                }

                _templateHands.Leave(release.Instance, release.Incarnation);
                _ports.Release(release.Instance, release.Incarnation);
                break;
            case AgentEffect.Forget forget:
                Forget(forget.Instance);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public ImmutableArray<Stray> FindAll() => Survivors.Find(_site.Paths);

    /// <inheritdoc/>
    /// <remarks>
    /// A restart of what ran before takes this way: its tree is known to be gone, its release untouched, its place is there.
    /// Whatever needs a search, a fetch or a template takes the other one.
    /// </remarks>
    public bool TryDo(AgentEffect effect, bool kept, out AgentInput? answer)
    {
        answer = null;
        switch (effect)
        {
            case AgentEffect.StopProbe or AgentEffect.ReleasePorts:
                Begin(effect);
                return true;
            case AgentEffect.AwaitIdle wait when StopHands.TryLook(wait) is { } idle:
                answer = idle;
                return true;
            case AgentEffect.KillTree kill when _works.TryGetValue((kill.Instance, kill.Incarnation), out var work)
                && work.Begun?.IsCompleted is not false && ProcessHands.IsGone(work):
                answer = new AgentInput.TreeGone(kill.Instance, kill.Incarnation);
                return true;
            case AgentEffect.Prepare prepare
                when TryPrepareAgain(prepare.Assigned, WorkOf(prepare.Assigned.Instance, prepare.Incarnation)) is { } launch:
                answer = new AgentInput.Prepared(prepare.Assigned.Instance, prepare.Incarnation, launch);
                return true;
            case AgentEffect.Start start
                when kept && IsOurs(start.Launch.Executable) && Accounts.IsKnown(RunAs.Of(start.Assigned.Spec)):
                var starting = WorkOf(start.Assigned.Instance, start.Incarnation);
                answer = _processes.Start(start, starting, _tasks);
                _processes.SayStarted(starting, _tasks);
                return true;
            default:
                return false;
        }
    }

    public void Observe(AgentState state)
    {
        if (Interlocked.Exchange(ref _newest, state) is null)
        {
            foreach (var (instance, kept) in state.Instances)
            {
                var inUse = kept.Phase is not InstancePhase.Stopped;
                _ports.Restore(instance, kept.Incarnation, kept.Launch?.Ports ?? NoPorts, inUse);
            }
        }

        if (state.Assignment is { } assignment && _templates.Take(assignment))
        {
            foreach (var work in _works.Values)
            {
                work.Templates?.Touch();
            }
        }
    }

    /// <summary>What an instance finds in its environment.</summary>
    public EnvAnswer Answer(EnvRequest request) => _envs.Answer(request, Volatile.Read(ref _newest));

    /// <summary>What a command comes to here.</summary>
    public ExecPlan Plan(ExecRequest request) => _execs.Plan(request, Volatile.Read(ref _newest));

    /// <summary>Stops watching and asking; every process runs on.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var work in _works.Values)
        {
            work.Dispose();
        }

        await _tasks.DisposeAsync();
        _probes.Dispose();
    }

    private static ImmutableSortedDictionary<PortName, int> NoPorts => ImmutableSortedDictionary<PortName, int>.Empty;

    private IncarnationWork WorkOf(InstanceId instance, Incarnation incarnation) => _works.GetOrAdd(
        (instance, incarnation), key => new IncarnationWork(key.Item1, key.Item2, _site.Paths.Token(key.Item1, key.Item2)));

    /// <summary>What lies elsewhere may lie on a file system that hangs, and the loop with it.</summary>
    private bool IsOurs(string executable) => executable.StartsWith(_site.Paths.Directory + '/', StringComparison.Ordinal);

    private Launch? TryPrepareAgain(AssignedInstance assigned, IncarnationWork work)
    {
        try
        {
            return _preparation.TryAgain(assigned, work);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The way through a task meets it again and tells what is wrong.
            return null;
        }
    }

    private async Task PrepareAsync(AgentEffect.Prepare prepare, IncarnationWork work, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(work.Ending, stop);
        switch (await TryPrepareAsync(prepare, work, either.Token))
        {
            case PreparationOutcome.Ready ready:
                foreach (var restored in ready.Restored)
                {
                    await _templateHands.TellOfStartAsync(work, restored, stop);
                }

                _templateHands.Watch(prepare.Assigned, work, ready.Launch, before: null, _tasks);
                await _tell(new AgentInput.Prepared(work.Instance, work.Incarnation, ready.Launch), stop);
                break;
            case PreparationOutcome.Held held:
                _templateHands.Leave(work.Instance, work.Incarnation);
                await _tell(new AgentInput.PrepareFailed(work.Instance, work.Incarnation, held.Hold), stop);
                break;
            case PreparationOutcome.Ended:
                _templateHands.Leave(work.Instance, work.Incarnation);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Whatever goes wrong is an answer: without one the instance would be preparing for ever, untold.</summary>
    private async Task<PreparationOutcome> TryPrepareAsync(
        AgentEffect.Prepare prepare, IncarnationWork work, CancellationToken stop)
    {
        try
        {
            return await _preparation.PrepareAsync(prepare.Assigned, work, stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.EffectFailed(_logger, _site.Host, e);
            _ports.Release(work.Instance, work.Incarnation);
            return new PreparationOutcome.Held(new Hold(HoldReason.SpawnFailed,
                $"{work.Instance} could not be prepared on {_site.Host}: {e.Message}", "look at the agent's log there"));
        }
    }

    private async Task PrepareNextAsync(AgentEffect.PrepareNext next, CancellationToken stop)
    {
        Hold? hold;
        try
        {
            hold = await _next.PrepareAsync(next.Assigned, stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.EffectFailed(_logger, _site.Host, e);
            hold = new Hold(HoldReason.SpawnFailed,
                $"{next.Assigned.Spec.Release} could not be prepared on {_site.Host}: {e.Message}",
                "look at the agent's log there; it is tried again by itself");
        }

        await _tell(new AgentInput.NextChecked(next.Assigned.Instance, next.Assigned.SpecDigest, next.Release, hold), stop);
    }

    private ImmutableSortedDictionary<string, string> Settings => Volatile.Read(ref _newest)?.Assignment?.Settings
        ?? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>A second wait of an incarnation replaces the first.</summary>
    private void Wait(IncarnationWork work, Func<IncarnationWork, CancellationToken, Task> waitAsync)
    {
        var waiting = work.BeginWait();
        _tasks.Begin(async stop =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(waiting, stop);
            await waitAsync(work, either.Token);
        });
    }

    private async Task FindAsync(AgentEffect.Find find, IncarnationWork work, CancellationToken stop)
    {
        _ports.Restore(work.Instance, work.Incarnation, find.Launch.Ports, inUse: true);
        if (await _processes.FindAsync(find, work, _tasks, stop) is not null)
        {
            // What an earlier agent owed it is still to come: a restart, a signal. Until then it goes by what it read before.
            var before = Volatile.Read(ref _newest)?.Instances.GetValueOrDefault(work.Instance);
            _templateHands.Watch(
                find.Assigned, work, find.Launch, before?.Incarnation == work.Incarnation ? before : null, _tasks);
        }
        else
        {
            _templateHands.Leave(work.Instance, work.Incarnation);
        }
    }

    private void Send(AgentEffect.Signal signal)
    {
        if (ProcessTree.Signal(signal.Process, signal.Name) == SignalOutcome.Refused)
        {
            Log.SignalRefused(_logger, signal.Instance, signal.Name, signal.Process.Pid);
        }
    }

    private void Reload(AgentEffect.Reload reload, IncarnationWork work) => _tasks.Begin(async stop =>
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(work.Ending, stop);
        await _reloads.ReloadAsync(reload, work, Settings, either.Token);
    });

    /// <summary>Its directory stays when something is in it, for a person may want it back. So does its log.</summary>
    private void Forget(InstanceId instance)
    {
        _ports.Forget(instance);
        _preparation.Forget(instance);
        var directory = _site.Paths.Instance(instance);
        try
        {
            if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
            {
                Directory.Delete(directory);
            }
        }
        catch (IOException e)
        {
            Log.NotForgotten(_logger, instance, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3201, LogLevel.Error, "an effect on {Host} failed")]
        public static partial void EffectFailed(ILogger logger, HostId host, Exception e);

        [LoggerMessage(3203, LogLevel.Warning, "{Instance}: the kernel refused SIG{Signal} to process {Pid}")]
        public static partial void SignalRefused(ILogger logger, InstanceId instance, string signal, int pid);

        [LoggerMessage(
            3205, LogLevel.Warning, "orphans of the instances of {Host} do not stay with its agent: the kernel refused")]
        public static partial void NoSubreaper(ILogger logger, HostId host);

        [LoggerMessage(3204, LogLevel.Warning, "the empty directory of {Instance} could not be removed")]
        public static partial void NotForgotten(ILogger logger, InstanceId instance, Exception e);
    }
}
