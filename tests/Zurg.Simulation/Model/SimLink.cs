using System.Collections.Immutable;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// One session: messages take their time, may overtake each other and may come again; a cut loses what is under way, and the two
/// ends learn of it at different times. Harsher than a WebSocket, so that nothing leans on its order.
/// </summary>
internal sealed class SimLink(
    Sim sim, HostId host, Epoch epoch, SimMaster master, AgentInbox inbox, SimFaults faults) : IHostSession
{
    private readonly TaskCompletionSource _ended = new();

    public HostId Host => host;

    public Epoch AgentEpoch => epoch;

    public Task Ended => _ended.Task;

    public void Assign(Assignment assignment)
    {
        Carry(() => inbox.Assign(assignment));
        if (faults.On && sim.Chance(faults.Repeat))
        {
            sim.Count("message repeated");
            Carry(() => inbox.Assign(assignment), most: 3000);
        }
    }

    public void KeepEvents(long number) => Carry(() => inbox.KeptEvents(number));

    public void Follow(ImmutableArray<ServiceName> services, Revision since)
    {
    }

    public void Refuse(string reason) => Cut();

    public void CarryReport(HostReport report) => Carry(() => master.Speaker.Reported(this, report));

    public void Cut()
    {
        if (!_ended.Task.IsCompleted)
        {
            sim.Count("session cut");
            _ended.SetResult();
            sim.Spawn("cut", async () =>
            {
                await sim.Delay(sim.Milliseconds(0, 500), master.Stop);
                master.Speaker.Disconnected(this);
            });
        }
    }

    private void Carry(Action deliver, int most = 20) => sim.Spawn("message", async () =>
    {
        await sim.Delay(sim.Milliseconds(0, most), master.Stop);
        if (!_ended.Task.IsCompleted)
        {
            deliver();
        }
    });
}
