using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// The one truth: etcd's model in a few methods. A key has a value and the revision of its last write; a commit is atomic,
/// guarded by expected revisions, and durable when it has returned <see cref="CommitOutcome.Committed"/>.
/// </summary>
public interface IStateStore
{
    /// <summary>Every entry under a prefix, in ordinal order of keys, at one revision.</summary>
    /// <param name="prefix">The empty prefix lists everything.</param>
    /// <param name="at">The newest revision when null.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="StoreCompactedException"><paramref name="at"/> is older than what compaction kept.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="at"/> has not happened yet.</exception>
    ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop);

    /// <summary>All writes or none. One commit is one revision.</summary>
    /// <exception cref="ArgumentException">Over <see cref="CommitLimits"/>.</exception>
    /// <exception cref="OperationCanceledException">The outcome is as unknown as after a fault.</exception>
    /// <exception cref="StoreFaultException">Disk or network: the outcome is unknown until read back (SAFETY.md E2).</exception>
    ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop);

    /// <summary>
    /// Every later change under a prefix, in order, none left out; a change set holds whole commits. Ends only by
    /// <paramref name="stop"/> (then quietly) or by an exception.
    /// </summary>
    /// <exception cref="StoreCompactedException">
    /// Changes after <paramref name="after"/> are no longer kept: list, then watch.
    /// </exception>
    IAsyncEnumerable<StoreChanges> WatchAsync(string prefix, Revision after, CancellationToken stop);

    /// <summary>Forgets versions that were overwritten at or before a revision; what is current stays.</summary>
    ValueTask CompactAsync(Revision upTo, CancellationToken stop);
}
