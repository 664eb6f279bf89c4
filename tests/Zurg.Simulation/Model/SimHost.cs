using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// A machine: its processes, its disk, and the agent that runs on it now. Killing the agent ends none of the processes.
/// </summary>
internal sealed class SimHost(
    Sim sim, HostId id, CellName cell, SimFaults faults, SimConsumers consumers, Func<SimMaster> master,
    Action<HostId, InstanceId, Incarnation> onSignal, Action<ServiceName> onAnswer)
{
    private const string Bad = "4";

    private readonly SimJournal _journal = new(sim, id, faults);
    private readonly List<SimProcess> _processes = [];
    private CancellationTokenSource _agent = new();
    private readonly bool _prepares = sim.Chance(0.7);   // the others have an agent of an older build
    private AgentInbox _inbox = new();
    private int _boots = 1;
    private int _pids = 100;
    private TimeSpan _cutOffUntil;

    public HostId Id => id;

    /// <summary>They run on when the agent is killed.</summary>
    public SimConsumers Consumers => consumers;

    public bool IsAgentUp { get; private set; }

    public bool IsCutOff => sim.Time.Elapsed < _cutOffUntil;

    /// <summary>Ends the open session; null while there is none.</summary>
    public Action? EndSession { get; set; }

    /// <summary>Its agent knows of the numbers that words to processes have.</summary>
    public bool TellsEpochs { get; } = sim.Chance(0.9);

    /// <summary>Whatever of an incarnation still runs, be it only a child of it.</summary>
    public IEnumerable<SimProcess> Left => _processes.Where(p => p.IsAlive || p.HasTree);

    public IEnumerable<SimProcess> Alive => _processes.Where(p => p.IsAlive);

    private string BootId => string.Create(CultureInfo.InvariantCulture, $"{id}-boot-{_boots}");

    public SimProcess? Find(InstanceId instance, Incarnation incarnation) =>
        _processes.LastOrDefault(p => p.Instance == instance && p.Incarnation == incarnation);

    public SimProcess Start(AssignedInstance assigned, Incarnation incarnation)
    {
        var twin = _processes.FirstOrDefault(p => p.Instance == assigned.Instance && (p.IsAlive || p.HasTree));
        sim.Demand(twin is null, $"{assigned.Instance} #{incarnation} is started on {id} while #{twin?.Incarnation} still runs");
        sim.Demand(Find(assigned.Instance, incarnation) is null, $"{assigned.Instance} #{incarnation} is started twice on {id}");
        var isBad = assigned.Spec.Release.Version.Value == Bad;
        var refuses = TellsEpochs && assigned.Refuse is true;
        var process = new SimProcess(
            assigned.Instance, incarnation, assigned.SpecDigest, new ProcessIdentity(++_pids, sim.Time.GetTimestamp(), BootId))
        {
            HasTree = sim.Chance(0.3),
            IgnoresTerm = sim.Chance(0.1),
            IsMute = sim.Chance(0.03) && !refuses,
            RefusesProbes = sim.Chance(0.5),
            GoesBy = (refuses ? SelfState.Refusing : SelfState.Running, 0),
            StartedAt = sim.Time.Elapsed,
            ReadyAt = sim.Time.Elapsed + (isBad && sim.Chance(0.5) ? TimeSpan.FromDays(1) : sim.Milliseconds(0, 400)),
        };
        _processes.Add(process);
        onAnswer(process.Instance.Service);
        if (isBad && sim.Chance(0.7))
        {
            sim.Spawn("bad release", async () =>
            {
                await sim.Delay(sim.Milliseconds(20, 3000), CancellationToken.None);
                process.End(code: 3, signal: null);
            });
        }

        return process;
    }

    /// <summary>The process hears what its agent wants of it, and does so.</summary>
    public void Tell(SimProcess process, SelfWord word)
    {
        process.GoesBy = (word.State, word.Epoch ?? 0);
        onAnswer(process.Instance.Service);
    }

    /// <summary>The agent asks a process to end.</summary>
    public void Signalled(SimProcess process)
    {
        if (process.IsOutdated)
        {
            sim.Count("a process that went by an old file was ended");
        }

        onSignal(id, process.Instance, process.Incarnation);
    }

    /// <summary>A file of all instances of the service changes, which each reads at its start only.</summary>
    public void ChangeFile(ServiceName service)
    {
        var (inbox, stop) = (_inbox, _agent.Token);
        foreach (var process in Alive.Where(p => p.Instance.Service == service))
        {
            process.IsOutdated = true;
            sim.Spawn("a changed file", async () => await inbox.PostAsync(SimHands.FileChanged(process), stop));
        }
    }

    public void StartAgent()
    {
        IsAgentUp = true;
        _agent = new CancellationTokenSource();
        var stop = _agent.Token;
        var inbox = _inbox = new AgentInbox();
        var dialer = new SimDialer(sim, this, faults, inbox, master);
        var loop = new AgentLoop(
            inbox, new SimHands(sim, this, faults, inbox, stop), _journal, dialer,
            new Observers([dialer, new SimDesk(sim, this, faults, inbox, stop)]),
            new AgentIdentity(id, sim.Seed), sim.Time, NullLogger<AgentLoop>.Instance);
        sim.Spawn($"agent of {id}", () => loop.RunAsync(stop));
        sim.Spawn($"dialer of {id}", () => dialer.RunAsync(_journal, stop));
    }

    public void CutOff(TimeSpan time)
    {
        _cutOffUntil = sim.Time.Elapsed + time;
        EndSession?.Invoke();
    }

    public void KillAgent()
    {
        IsAgentUp = false;
        _agent.Cancel();
    }

    public void LoseJournal()
    {
        KillAgent();
        _journal.Lose();
    }

    /// <summary>Everything on it ends, and what was not on the disk is gone.</summary>
    public void LosePower()
    {
        KillAgent();
        foreach (var process in _processes)
        {
            process.HasTree = false;
            process.End(code: null, signal: 9);
        }

        consumers.LosePower();
        _boots++;
        _journal.LosePower();
    }

    public HostDescription Describe() => new()
    {
        Cell = cell,
        Address = "127.0.0.1",
        BootId = BootId,
        Build = "sim",
        Memory = 1L << 30,
        Cpus = 2,
        Kernel = "sim",
        Limits = "none",
        Prepares = _prepares ? true : null,
        TrafficEpochs = TellsEpochs ? true : null,
        EndsIncarnations = true,
    };

    /// <summary>What its agent takes over: one of an older build reads past what it does not know.</summary>
    public Assignment Understood(Assignment assignment) => TellsEpochs ? assignment : assignment with
    {
        Instances = [.. assignment.Instances.Select(i => i with { TrafficEpoch = null })],
    };

    private sealed class Observers(IAgentObserver[] observers) : IAgentObserver
    {
        public void Observe(AgentState state) => Array.ForEach(observers, o => o.Observe(state));
    }
}
