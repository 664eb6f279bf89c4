using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// The store of the simulator and of tests: durable as long as the object lives. Deterministic on one thread, safe on many.
/// It keeps whole states of the past, which share their structure, where the others keep versions.
/// </summary>
public sealed class MemoryStateStore(StoreHistoryLimits limits) : IStateStore
{
    private readonly Lock _gate = new();
    private readonly Signal _signal = new();

    // One item for each revision from the oldest kept, the newest last, so that an index is a difference of revisions.
    private ImmutableList<Moment> _moments = [new Moment(StoreState.Empty, [])];

    public MemoryStateStore()
        : this(new StoreHistoryLimits())
    {
    }

    public ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var moments = Volatile.Read(ref _moments);
        var index = at is { } revision ? IndexOf(moments, revision) : moments.Count - 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, moments.Count, nameof(at));
        return ValueTask.FromResult(moments[index].State.List(prefix));
    }

    public ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop)
    {
        CommitLimits.Demand(commit);
        stop.ThrowIfCancellationRequested();
        CommitOutcome outcome;
        lock (_gate)
        {
            outcome = Commit_NeedsLock(commit);
        }

        if (outcome is CommitOutcome.Committed)
        {
            _signal.Raise();
        }

        return ValueTask.FromResult(outcome);
    }

    public async IAsyncEnumerable<StoreChanges> WatchAsync(
        string prefix, Revision after, [EnumeratorCancellation] CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var seen = _signal.Count;
            var moments = Volatile.Read(ref _moments);
            if (ChangesAfter(moments, prefix, after) is { Changes.IsEmpty: false } changes)
            {
                yield return changes;
            }

            var newest = moments[^1].State.Revision;
            after = newest > after ? newest : after;
            if (!await _signal.WaitAsync(seen, stop))
            {
                yield break;
            }
        }
    }

    public ValueTask CompactAsync(Revision upTo, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (_gate)
        {
            Forget_NeedsLock(upTo);
        }

        return ValueTask.CompletedTask;
    }

    private CommitOutcome Commit_NeedsLock(StoreCommit commit)
    {
        var draft = new StoreDraft(_moments[^1].State);
        var changes = new List<StoreChange>(commit.Writes.Length);
        var outcome = draft.Apply(commit, changes);
        if (outcome is CommitOutcome.Committed)
        {
            Volatile.Write(ref _moments, _moments.Add(new Moment(draft.ToState(), [.. changes])));
            Forget_NeedsLock(new Revision(draft.Revision.Value - limits.RevisionsMax));
        }

        return outcome;
    }

    private void Forget_NeedsLock(Revision upTo)
    {
        var older = (int)Math.Clamp(upTo.Value - _moments[0].State.Revision.Value, 0, _moments.Count - 1);
        if (older > 0)
        {
            Volatile.Write(ref _moments, _moments.RemoveRange(0, older));
        }
    }

    private static StoreChanges ChangesAfter(ImmutableList<Moment> moments, string prefix, Revision after)
    {
        var changes = ImmutableArray.CreateBuilder<StoreChange>();
        for (var i = IndexOf(moments, after) + 1; i < moments.Count; i++)
        {
            changes.AddRange(moments[i].Changes.Where(c => c.Key.StartsWith(prefix, StringComparison.Ordinal)));
        }

        return new StoreChanges(moments[^1].State.Revision, changes.DrainToImmutable());
    }

    private static int IndexOf(ImmutableList<Moment> moments, Revision revision)
    {
        var oldest = moments[0].State.Revision;
        return revision < oldest
            ? throw new StoreCompactedException(oldest)
            : (int)Math.Min(revision.Value - oldest.Value, moments.Count);
    }

    private sealed record Moment(StoreState State, ImmutableArray<StoreChange> Changes);
}
