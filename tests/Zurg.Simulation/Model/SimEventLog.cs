using System.Collections.Immutable;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>A master's event log, which fails at times as a disk does. Nobody judges what is in it: it keeps nothing.</summary>
internal sealed class SimEventLog(Sim sim, SimFaults faults) : IEventLog
{
    public async ValueTask AppendAsync(HostId? agent, ImmutableArray<EventRecord> events, CancellationToken stop)
    {
        await sim.Delay(sim.Milliseconds(0, 2), stop);
        if (faults.On && sim.Chance(faults.StoreFault))
        {
            throw new StoreFaultException("simulated: event log");
        }
    }
}
