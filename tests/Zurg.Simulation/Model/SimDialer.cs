using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>An agent's end of the session: dials until a master answers, and sends the newest report when it can.</summary>
internal sealed class SimDialer(Sim sim, SimHost host, SimFaults faults, AgentInbox inbox, Func<SimMaster> master)
    : IMasterSession, IAgentObserver
{
    private HostReport? _report;
    private SimLink? _link;
    private Generation _applied;

    public void Report(HostReport report)
    {
        _report = report;
        _link?.CarryReport(report);
    }

    /// <summary>The agent takes nothing older over than it has.</summary>
    public void Observe(AgentState state)
    {
        var applied = state.Assignment?.Generation ?? default;
        sim.Demand(applied >= _applied, $"{host.Id} went back from generation {_applied} to {applied}");
        _applied = applied;
    }

    public async Task RunAsync(SimJournal journal, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await sim.Delay(sim.Milliseconds(1, 400), stop);
            if (master() is not { IsUp: true } up || _report is null || host.IsCutOff)
            {
                continue;
            }

            var link = new SimLink(sim, host, journal.Epoch, up, inbox, faults);
            using var agentDies = stop.Register(link.Cut);
            using var masterDies = up.Stop.Register(link.Cut);
            up.Speaker.Connected(
                link, new AgentHello { Host = host.Id, AgentEpoch = journal.Epoch, Description = host.Describe() });
            _link = link;
            host.EndSession = link.Cut;
            link.CarrySubscription();
            link.CarryWord();
            host.Consumers.Changed = () =>
            {
                link.CarrySubscription();
                link.CarryWord();
            };
            link.CarryReport(_report);
            await link.Ended.WaitAsync(stop);
            _link = null;
            host.Consumers.Changed = null;
        }
    }
}
