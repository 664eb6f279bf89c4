using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// The hands of one run of an agent on a simulated host: real effects on the host's processes, after real-looking times.
/// </summary>
internal sealed class SimHands(Sim sim, SimHost host, SimFaults faults, AgentInbox inbox, CancellationToken stop) : IAgentHands
{
    private const double AtOnce = 0.5;

    private readonly SortedDictionary<InstanceId, Incarnation> _probed = [];

    public void Begin(AgentEffect effect)
    {
        switch (effect)
        {
            case AgentEffect.Prepare prepare:
                Later(sim.Milliseconds(1, 60), () => Prepare(prepare));
                break;
            case AgentEffect.PrepareNext next:
                Later(sim.Milliseconds(1, 60), () => PrepareNext(next));
                break;
            case AgentEffect.Start start:
                Later(sim.Milliseconds(0, 5), () => Start(start));
                break;
            case AgentEffect.Find find:
                Later(sim.Milliseconds(0, 5), () => Find(find));
                break;
            case AgentEffect.Probe probe:
                _probed[probe.Assigned.Instance] = probe.Incarnation;
                sim.Spawn("probe", () => ProbeAsync(probe));
                break;
            case AgentEffect.StopProbe probe:
                _probed.Remove(probe.Instance);
                break;
            case AgentEffect.AwaitIdle wait:
                Later(sim.Milliseconds(0, 500), () => new AgentInput.InFlight(
                    wait.Instance, wait.Incarnation, new InFlightCount(0, InFlightBy.Sockets)));
                break;
            case AgentEffect.Reload reload:
                Later(sim.Milliseconds(50, 1000), () => new AgentInput.ReloadTold(
                    reload.Assigned.Instance, reload.Incarnation, reload.Name, reload.SentAt, ReloadProgress.Done));
                break;
            case AgentEffect.Signal signal:
                Later(sim.Milliseconds(0, 2), () => Signal(signal));
                break;
            case AgentEffect.KillTree kill:
                Later(sim.Milliseconds(0, 10), () => KillTree(kill));
                break;
        }
    }

    public ImmutableArray<Stray> FindAll() =>
    [
        .. host.Left.Select(p => new Stray(
            p.Instance, p.Incarnation, p.IsAlive ? p.Identity : null, TimeSpan.Zero, p.Spec, LaunchOf(), OutputIsLost: false)),
    ];

    public bool TryDo(AgentEffect effect, bool kept, out AgentInput? answer)
    {
        answer = effect switch
        {
            AgentEffect.KillTree kill when host.Find(kill.Instance, kill.Incarnation) is { IsAlive: false, HasTree: false }
                && sim.Chance(AtOnce) => KillTree(kill),
            AgentEffect.Prepare prepare when sim.Chance(AtOnce) => Prepare(prepare),
            AgentEffect.Start start when kept && sim.Chance(AtOnce) => Start(start),
            _ => null,
        };
        if (answer is not null)
        {
            sim.Count("agent: did an effect at once");
        }

        return answer is not null;
    }

    /// <summary>A generated file of the process has another text, and it reads that at its start only.</summary>
    public static AgentInput FileChanged(SimProcess process) => new AgentInput.TemplateChanged(
        process.Instance, process.Incarnation, new TemplateSpec("a.hbs", "a.conf", TemplateThen.Restart));

    private AgentInput? Prepare(AgentEffect.Prepare effect)
    {
        var instance = effect.Assigned.Instance;
        if (faults.On && sim.Chance(faults.PrepareFails))
        {
            sim.Count("prepare failed");
            var hold = new Hold(HoldReason.ReleaseUnavailable, "simulated: no release") { Instance = instance };
            return new AgentInput.PrepareFailed(instance, effect.Incarnation, hold);
        }

        return new AgentInput.Prepared(instance, effect.Incarnation, LaunchOf());
    }

    private AgentInput PrepareNext(AgentEffect.PrepareNext effect)
    {
        var fails = faults.On && sim.Chance(faults.PrepareFails);
        var hold = fails ? new Hold(HoldReason.ReleaseUnavailable, "simulated: no release") : null;
        return new AgentInput.NextChecked(effect.Assigned.Instance, effect.Assigned.SpecDigest, effect.Release, hold);
    }

    private static Launch LaunchOf() => new()
    {
        Executable = "/bin/true",
        Env = ImmutableSortedDictionary<string, string>.Empty,
        WorkingDirectory = "/",
        Ports = ImmutableSortedDictionary<PortName, int>.Empty,
    };

    private AgentInput Start(AgentEffect.Start effect)
    {
        var process = host.Start(effect.Assigned, effect.Incarnation);
        WatchExit(process);
        return new AgentInput.Started(process.Instance, process.Incarnation, process.Identity);
    }

    private AgentInput Find(AgentEffect.Find effect)
    {
        var process = host.Find(effect.Assigned.Instance, effect.Incarnation);
        if (process is { IsAlive: true } && (effect.Process is null || effect.Process == process.Identity))
        {
            sim.Count("agent: adopted a process");
            WatchExit(process);
            if (process.IsOutdated)
            {
                Later(sim.Milliseconds(1, 50), () => FileChanged(process));   // its agent finds that it never went by its files
            }

            return new AgentInput.Found(effect.Assigned.Instance, effect.Incarnation, process.Identity);
        }

        return new AgentInput.Found(effect.Assigned.Instance, effect.Incarnation, Process: null);
    }

    private async Task ProbeAsync(AgentEffect.Probe effect)
    {
        var instance = effect.Assigned.Instance;
        var wait = effect.Eager ? TimeSpan.FromMilliseconds(10) : TimeSpan.FromSeconds(1);
        while (_probed.TryGetValue(instance, out var probed) && probed == effect.Incarnation)
        {
            await sim.Delay(wait, stop);
            wait = wait * 2 < TimeSpan.FromSeconds(1) ? wait * 2 : TimeSpan.FromSeconds(1);
            var process = host.Find(instance, effect.Incarnation);
            var answers = process is { IsAlive: true } && sim.Time.Elapsed >= process.ReadyAt;
            var refused = answers && process is { Refuses: true, RefusesProbes: true };
            if (answers)
            {
                process!.WasSeenReady = true;
            }

            var answer = refused ? new ProbeAnswer(false, "answered 503", Refused: true)
                : new ProbeAnswer(answers, answers ? null : "refused");
            await inbox.PostAsync(new AgentInput.Probed(instance, effect.Incarnation, answer), stop);
        }
    }

    private AgentInput? Signal(AgentEffect.Signal effect)
    {
        if (host.Find(effect.Instance, effect.Incarnation) is { IsAlive: true } process && process.Identity == effect.Process)
        {
            host.Signalled(process);
            if (!process.IgnoresTerm)
            {
                Later(sim.Milliseconds(0, 300), () =>
                {
                    process.End(code: 0, signal: null);
                    return null;
                });
            }
        }

        return null;
    }

    private AgentInput KillTree(AgentEffect.KillTree effect)
    {
        if (host.Find(effect.Instance, effect.Incarnation) is { } process)
        {
            process.End(code: null, signal: 9);
            process.HasTree = false;
        }

        return new AgentInput.TreeGone(effect.Instance, effect.Incarnation);
    }

    private void WatchExit(SimProcess process) => sim.Spawn("exit watch", async () =>
    {
        var exit = await process.Exit.WaitAsync(stop);
        await inbox.PostAsync(new AgentInput.Exited(process.Instance, process.Incarnation, exit), stop);
    });

    private void Later(TimeSpan after, Func<AgentInput?> act) => sim.Spawn("hands", async () =>
    {
        await sim.Delay(after, stop);
        if (act() is { } input)
        {
            await inbox.PostAsync(input, stop);
        }
    });
}
