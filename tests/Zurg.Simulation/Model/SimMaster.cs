using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// One run of the master: takes the roles with the next epoch and runs the production loops on its own connection.
/// </summary>
internal sealed class SimMaster(Sim sim, IStateStore store, IEventLog events)
{
    private readonly CancellationTokenSource _life = new();
    private SpeakerLoop? _speaker;
    private ClusterViewLoop? _view;

    public CancellationToken Stop => _life.Token;

    public bool IsUp => _speaker is not null && !_life.IsCancellationRequested;

    public ISpeaker Speaker => _speaker!;

    public ImmutableArray<ServiceFollower> Followers(ServiceName service) => _speaker!.FollowersOf(service);

    public IClusterView View => _view!;

    public void Kill() => _life.Cancel();

    public async Task RunAsync()
    {
        var view = new ClusterViewLoop(store, sim.Time, NullLogger<ClusterViewLoop>.Instance);
        _view = view;
        sim.Spawn("view", () => view.RunAsync(Stop));
        var decides = await TakeAsync("decider");
        var speaks = await TakeAsync("speaker");
        await foreach (var seen in view.WatchAsync(Stop))
        {
            if (seen.State.Revision >= speaks.Taken)
            {
                break;   // as every master does: what an earlier one wrote is known before this one acts
            }
        }

        var decider = new DeciderLoop(store, view, events, decides, sim.Time, NullLogger<DeciderLoop>.Instance);
        _speaker = new SpeakerLoop(store, view, events, speaks, sim.Time, NullLogger<SpeakerLoop>.Instance);
        sim.Spawn("decider", () => WhileInOfficeAsync(() => decider.RunAsync(Stop)));
        sim.Spawn("speaker", () => WhileInOfficeAsync(() => _speaker.RunAsync(Stop)));
    }

    /// <summary>A master that was deposed ends as a whole, as its process does.</summary>
    private async Task WhileInOfficeAsync(Func<Task> role)
    {
        try
        {
            await role();
        }
        catch (RoleLostException)
        {
            sim.Count("master: deposed");
            Kill();
        }
    }

    private async Task<RoleGuard> TakeAsync(string role)
    {
        while (true)
        {
            try
            {
                var key = StoreKeys.Role(role);
                var entry = (await store.ListAsync(key, at: null, Stop)).Entries.FirstOrDefault(e => e.Key == key);
                var held = entry is null ? null : JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.RoleRecord);
                var next = new RoleRecord("sim", (held?.Epoch ?? default).Next, sim.Time.GetUtcNow());
                var commit = new StoreCommit(
                    [new StoreExpectation(key, entry?.Modified ?? default)],
                    [new StoreWrite(key, JsonSerializer.SerializeToUtf8Bytes(next, WireJson.Default.RoleRecord))]);
                if (await store.CommitAsync(commit, Stop) is CommitOutcome.Committed(var revision))
                {
                    return new RoleGuard(key, revision, next.Epoch);
                }
            }
            catch (StoreFaultException)
            {
                // Unknown: the next round reads it back.
            }

            await sim.Delay(TimeSpan.FromMilliseconds(50), Stop);
        }
    }
}
