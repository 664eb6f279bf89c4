using System.Runtime.CompilerServices;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// Somebody's connection to the one store: slow at times, and at times it fails, before the commit or after it, so that the
/// caller cannot tell (SAFETY.md E2). The calls of a master that died never come back.
/// </summary>
internal sealed class SimStore(Sim sim, IStateStore store, SimFaults faults, Action<StoreCommit> committed) : IStateStore
{
    public async ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop)
    {
        await sim.Delay(sim.Milliseconds(0, 3), stop);
        Fail("list");
        return await store.ListAsync(prefix, at, stop);
    }

    public async ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop)
    {
        await sim.Delay(sim.Milliseconds(0, 5), stop);
        Fail("commit lost");
        var outcome = await store.CommitAsync(commit, stop);
        if (outcome is CommitOutcome.Committed)
        {
            committed(commit);
        }

        await sim.Delay(sim.Milliseconds(0, 3), stop);
        Fail("answer lost");
        return outcome;
    }

    public async IAsyncEnumerable<StoreChanges> WatchAsync(
        string prefix, Revision after, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var changes in store.WatchAsync(prefix, after, stop))
        {
            await sim.Delay(sim.Milliseconds(0, 3), stop);
            Fail("watch cut");
            yield return changes;
        }
    }

    public ValueTask CompactAsync(Revision upTo, CancellationToken stop) => store.CompactAsync(upTo, stop);

    private void Fail(string what)
    {
        if (faults.On && sim.Chance(faults.StoreFault))
        {
            sim.Count("store: " + what);
            throw new StoreFaultException("simulated: " + what);
        }
    }
}
