using System.Collections.Immutable;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// One session: messages take their time, may overtake each other and may come again; a cut loses what is under way, and the two
/// ends learn of it at different times. Harsher than a WebSocket, so that nothing leans on its order.
/// </summary>
internal sealed class SimLink(
    Sim sim, SimHost host, Epoch epoch, SimMaster master, AgentInbox inbox, SimFaults faults) : IHostSession
{
    private readonly TaskCompletionSource _ended = new();
    private ImmutableSortedSet<ServiceName> _asked = [];
    private ImmutableSortedSet<ServiceName> _followed = [];
    private int _follows;

    public HostId Host => host.Id;

    public Epoch AgentEpoch => epoch;

    public Task Ended => _ended.Task;

    public void Assign(Assignment assignment)
    {
        var understood = host.Understood(assignment);
        Carry(() => inbox.Assign(understood));
        if (faults.On && sim.Chance(faults.Repeat))
        {
            sim.Count("message repeated");
            Carry(() => inbox.Assign(understood), most: 3000);
        }
    }

    public void KeepEvents(long number) => Carry(() => inbox.KeptEvents(number));

    /// <summary>As a master's fan-out does: what is asked for no more is told no more, whatever the speaker still says.</summary>
    public void Follow(ImmutableArray<ServiceName> services, Revision since)
    {
        _followed = services.ToImmutableSortedSet().Intersect(_asked);
        var follow = ++_follows;
        sim.Spawn("naming", () => TellAsync(follow, since));
    }

    public void Refuse(string reason) => Cut();

    public void CarryReport(HostReport report) => Carry(() => master.Speaker.Reported(this, report));

    /// <summary>Both say what is so when they arrive: a session keeps the order of its messages.</summary>
    public void CarrySubscription() => Carry(() =>
    {
        var asked = host.Consumers.Subscription;
        _asked = [.. asked.Services];
        _followed = _followed.Intersect(_asked);
        master.Speaker.Subscribed(this, asked);
    });

    public void CarryWord() => Carry(() => master.Speaker.Confirmed(this, host.Consumers.Word));

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

    private async Task TellAsync(int follow, Revision since)
    {
        var told = new SortedDictionary<ServiceName, Revision>();
        await foreach (var (state, naming) in master.View.WatchAsync(master.Stop))
        {
            if (_ended.Task.IsCompleted || follow != _follows)
            {
                return;
            }

            foreach (var set in _followed.Where(_ => state.Revision >= since).Select(naming.SetOf))
            {
                if (!told.TryGetValue(set.Service, out var before) || set.Revision > before)
                {
                    told[set.Service] = set.Revision;
                    Carry(() => host.Consumers.Take(set));
                }
            }
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
