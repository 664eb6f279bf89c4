using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// Tells the processes of a host what their agent wants of them, and the agent what they go by: each hears the newest word in its
/// own time, and says what it does once it does it.
/// </summary>
internal sealed class SimDesk(Sim sim, SimHost host, SimFaults faults, AgentInbox inbox, CancellationToken stop)
    : IAgentObserver
{
    private readonly SortedDictionary<InstanceId, (Incarnation Incarnation, SelfWord Word)> _told = [];
    private AgentState? _newest;

    public void Observe(AgentState state)
    {
        _newest = state;
        foreach (var process in host.Alive.ToList())
        {
            if (WordFor(process) is { } word
                && (!_told.TryGetValue(process.Instance, out var told) || told != (process.Incarnation, word)))
            {
                _told[process.Instance] = (process.Incarnation, word);
                sim.Spawn("local API", () => TellAsync(process));
            }
        }
    }

    private async Task TellAsync(SimProcess process)
    {
        await sim.Delay(sim.Chance(0.05) ? sim.Milliseconds(1000, 6000) : sim.Milliseconds(0, 500), stop);
        while (process.IsMute && faults.On)
        {
            await sim.Delay(TimeSpan.FromMilliseconds(500), stop);
        }

        if (process.IsAlive && WordFor(process) is { } heard)
        {
            host.Tell(process, heard);
            await sim.Delay(sim.Milliseconds(0, 50), stop);
        }

        // It may have heard a newer word by now, or its agent may have one that it has not heard.
        if (process.IsAlive && WordFor(process) is { } wanted)
        {
            var said = process.GoesBy;
            var isNewest = said.Epoch == (wanted.Epoch ?? 0);
            var refuses = isNewest && said.State == SelfState.Refusing;
            sim.Count(refuses ? "a process said that it refuses" : "a process said that it accepts");
            await inbox.PostAsync(
                new AgentInput.SelfTold(
                    process.Instance, process.Incarnation, refuses,
                    isNewest && said.State == wanted.State ? wanted.Epoch : null),
                stop);
        }
    }

    /// <summary>Null when its incarnation is over, or not known.</summary>
    private SelfWord? WordFor(SimProcess process) =>
        _newest?.Instances.GetValueOrDefault(process.Instance) is { } known && known.Incarnation == process.Incarnation
            && known.Phase != InstancePhase.Stopped
            ? InstanceSelf.Of(known)
            : null;
}
