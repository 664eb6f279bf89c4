using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// A server's own view of the cluster: lists the store once, then follows its watch. Roles plan on it, the API answers from it,
/// naming is pushed from it; it needs no lease, so it works on while roles move.
/// </summary>
public sealed partial class ClusterViewLoop(IStateStore store, TimeProvider time, ILogger<ClusterViewLoop> logger) : IClusterView
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    private readonly Signal _changed = new();
    private ClusterSnapshot _current = new(ClusterState.Empty, NamingState.Empty);

    public ClusterSnapshot Current => Volatile.Read(ref _current);

    public async IAsyncEnumerable<ClusterSnapshot> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        ClusterSnapshot? seen = null;
        while (!stop.IsCancellationRequested)
        {
            var raised = _changed.Count;
            var current = Current;
            if (!ReferenceEquals(current, seen) && current.State.Revision.Value > 0)
            {
                seen = current;
                yield return current;
                continue;
            }

            await _changed.WaitAsync(raised, stop);
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stop);
            }
            catch (StoreCompactedException)
            {
                Log.Behind(logger, Current.State.Revision);   // too far behind to catch up by changes: list again
            }
            catch (StoreFaultException e)
            {
                Log.StoreFault(logger, e);
                await Task.Delay(RetryAfter, time, stop);
            }
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        var list = await store.ListAsync("", at: null, stop);
        var state = ClusterState.Empty;
        foreach (var entry in list.Entries)
        {
            state = ClusterFold.Apply(state, entry.Key, entry.Value, entry.Modified);
        }

        Publish(state with { Revision = list.Revision });
        await foreach (var changes in store.WatchAsync("", list.Revision, stop))
        {
            state = Current.State;
            foreach (var change in changes.Changes)
            {
                state = ClusterFold.Apply(state, change.Key, change.Value, change.Modified);
            }

            Publish(state with { Revision = changes.Revision });
        }
    }

    private void Publish(ClusterState state)
    {
        var before = Current;
        var known = before.State.Revision.Value > 0 ? before.Naming : before.Naming with { Since = state.Revision };
        var naming = NamingFold.Next(known, before.State, state);
        Volatile.Write(ref _current, new ClusterSnapshot(state, naming));
        _changed.Raise();
    }

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Warning, "The store cannot be read; trying again")]
        public static partial void StoreFault(ILogger logger, Exception e);

        [LoggerMessage(2002, LogLevel.Information, "Changes after revision {Revision} are compacted; listing the store again")]
        public static partial void Behind(ILogger logger, Revision revision);
    }
}
