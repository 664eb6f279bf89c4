using System.Collections.Immutable;
using System.Globalization;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// A whole cluster on one thread: the production decider, speaker and agents on a simulated store, network, disks and processes.
/// Faults strike for a while; then everything heals, and what people last asked for must have come true.
/// </summary>
internal sealed class Simulation
{
    private static readonly TimeSpan Faulty = TimeSpan.FromSeconds(60);

    /// <summary>An agent that was killed last may stay away for 25 s of it.</summary>
    private static readonly TimeSpan Healing = TimeSpan.FromSeconds(120);

    private readonly Sim _sim;
    private readonly SimFaults _faults;
    private readonly MemoryStateStore _store = new();
    private readonly SimEventLog _events;
    private readonly SortedDictionary<HostId, SimHost> _hosts = [];
    private readonly Oracle _oracle;
    private readonly SimPeople _people;
    private SimMaster _master;
    private bool _masterBegins;

    public Simulation(ulong seed)
    {
        _sim = new Sim(seed);
        _faults = new SimFaults(_sim);
        _events = new SimEventLog(_sim, _faults);
        _oracle = new Oracle(_sim, _hosts);
        _people = new SimPeople(_sim, Connection(), new SimWishes(_sim));
        _master = new SimMaster(_sim, Connection(), _events);
        for (var i = 1; i <= 4; i++)
        {
            var host = new HostId(string.Create(CultureInfo.InvariantCulture, $"host{i}"));
            var cell = new CellName(string.Create(CultureInfo.InvariantCulture, $"az{1 + (i % 3)}"));
            _hosts[host] = new SimHost(
                _sim, host, cell, _faults, new SimConsumers(_sim, host, _oracle.Follows), () => _master, _oracle.OnSignal,
                _oracle.OnAnswer);
        }
    }

    public ImmutableArray<string> Violations => [.. _sim.Violations];

    public IReadOnlyDictionary<string, int> Sometimes => _sim.Sometimes;

    public ulong Trace => _sim.Scheduler.Trace;

    public void Run()
    {
        // A test runner's synchronization context would take the continuations away from the simulator's scheduler.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            RunFaultyThenHeal();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void RunFaultyThenHeal()
    {
        _sim.Spawn("master", _master.RunAsync);
        foreach (var host in _hosts.Values)
        {
            host.StartAgent();
        }

        _sim.Spawn("people", async () =>
        {
            await _people.PushAllAsync(CancellationToken.None);
            await _people.ApplyAsync(CancellationToken.None);
            await _people.RunAsync(_faults, CancellationToken.None);
        });
        _sim.Spawn("chaos", ChaosAsync);
        _sim.Time.RunFor(Faulty);
        _faults.On = false;
        _sim.Spawn("heal", HealAsync);
        _sim.Time.RunFor(Healing);
        CheckHealed();
    }

    private async Task ChaosAsync()
    {
        while (_faults.On)
        {
            await _sim.Delay(_sim.Milliseconds(100, 1900), CancellationToken.None);
            var host = _hosts.Values.ElementAt(_sim.Next(_hosts.Count));
            Maybe(0.5, "consumers began or ended", () => host.Consumers.Toggle(_people.AnyName()));
            Maybe(_faults.Crash, "agent killed", () => Bounce(host, host.KillAgent));
            Maybe(_faults.Crash / 2, "master killed", BounceMaster);
            Maybe(_faults.JournalLost, "agent lost its journal", () => Bounce(host, host.LoseJournal));
            Maybe(_faults.Reboot, "host lost its power", () => Bounce(host, host.LosePower));
            Maybe(_faults.CutOff, "host cut off for a while", () => host.CutOff(_sim.Milliseconds(3000, 20_000)));
            Maybe(_faults.FileChanges, "a generated file changed", () => ChangeFile(_people.AnyName()));
            Maybe(_faults.Exit, "process ended by itself", () => host.Alive.FirstOrDefault()?.End(code: 1, signal: null));
        }

        void Maybe(double chance, string what, Action act)
        {
            if (_faults.On && _sim.Chance(chance))
            {
                _sim.Count(what);
                act();
            }
        }
    }

    private void ChangeFile(ServiceName service)
    {
        foreach (var host in _hosts.Values)
        {
            host.ChangeFile(service);
        }
    }

    private void Bounce(SimHost host, Action kill)
    {
        if (!host.IsAgentUp)
        {
            return;
        }

        kill();
        _sim.Spawn("restart of " + host.Id, async () =>
        {
            await _sim.Delay(_sim.Milliseconds(1, _sim.Chance(0.2) ? 25_000 : 8000), CancellationToken.None);
            host.StartAgent();
        });
    }

    private void BounceMaster()
    {
        // Of two that begin at once the first may be the last to take office, and then nobody knew it.
        if (!_master.IsUp || _masterBegins)
        {
            return;
        }

        _masterBegins = true;

        // Sometimes the old one is only thought to be dead: it goes on next to its successor until a guard stops it.
        var old = _master;
        var lingers = _sim.Chance(0.4);
        if (!lingers)
        {
            old.Kill();
        }

        _sim.Spawn("restart of the master", async () =>
        {
            await _sim.Delay(_sim.Milliseconds(1, 8000), CancellationToken.None);
            _master = new SimMaster(_sim, Connection(), _events);
            await _master.RunAsync();
            _masterBegins = false;
            await _sim.Delay(TimeSpan.FromSeconds(20), CancellationToken.None);
            _sim.Demand(!lingers || !old.IsUp || !_master.IsUp, "a deposed master is still in office after 20 s");
        });
    }

    private async Task HealAsync()
    {
        await _sim.Delay(TimeSpan.FromSeconds(10), CancellationToken.None);
        if (!_master.IsUp)
        {
            // Two that began at once may have deposed each other, each in one role: what ran them starts one again.
            _sim.Count("masters deposed each other");
            _master = new SimMaster(_sim, Connection(), _events);
            _sim.Spawn("master", _master.RunAsync);
        }

        await _people.PutRightAsync(CancellationToken.None);
    }

    private SimStore Connection() => new(_sim, _store, _faults, _oracle.OnCommit);

    private void CheckHealed()
    {
        var state = _oracle.State;
        var plan = Core.DeciderMachine.Decide(state, _oracle.Naming, _sim.Time.GetUtcNow());
        var left = plan.Steps.Select(s => s.Text).Concat(plan.Holds.Select(h => h.Text)).Concat(
            state.Rollouts.Values.Where(r => r.Phase != RolloutPhase.Completed).Select(r => $"{r.Service} is {r.Phase}"));
        _sim.Demand(plan.IsConverged, "after healing: " + string.Join("; ", left));
        _sim.Demand(
            state.Applied?.Number >= _people.Acknowledged,
            $"spec {_people.Acknowledged} was acknowledged and {state.Applied?.Number} is the newest");
        foreach (var host in _hosts.Values)
        {
            var wanted = state.Placements.GetValueOrDefault(host.Id)?.Instances
                .Where(p => p.Wanted == WantedPhase.Running).Select(p => $"{p.Instance} {p.Spec.Short}") ?? [];
            var runs = host.Alive.OrderBy(p => p.Instance).Select(p => $"{p.Instance} {p.Spec.Short}");
            var (want, run) = (string.Join(", ", wanted), string.Join(", ", runs));
            _sim.Demand(want == run, $"{host.Id} should run [{want}] and runs [{run}]");
            var deaf = string.Join(", ", host.Alive.Where(p => p.Refuses).Select(p => p.Instance));
            _sim.Demand(deaf.Length == 0, $"{deaf} on {host.Id} still refuses, and is to serve");
            var outdated = string.Join(", ", host.Alive.Where(p => p.IsOutdated).Select(p => p.Instance));
            _sim.Demand(outdated.Length == 0, $"{outdated} on {host.Id} was never restarted for its file");
        }

        foreach (var (host, service) in _hosts.Values.SelectMany(h => h.Consumers.Subscription.Services.Select(s => (h, s))))
        {
            var (used, newest) = (host.Consumers.UsedOf(service)?.Revision, _master.View.Current.Naming.SetOf(service).Revision);
            _sim.Demand(
                used == newest, $"consumers on {host.Id} use {service} at {used}, and {newest} is the newest");
            var said = _master.Followers(service).FirstOrDefault(f => f.Host == host.Id)?.Confirmed;
            _sim.Demand(said == used, $"{host.Id} uses {service} at {used}, and its speaker knows of {said}");
        }

        var published = _oracle.Naming.Sets.Values.Sum(s => s.Endpoints.Length);
        var running = _hosts.Values.Sum(h => h.Alive.Count());
        _sim.Demand(published == running, $"{running} instances run and {published} are published");
    }
}
