using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>
/// The newest changes in memory, shared by all watchers: a watcher is only a position in them, so a slow one costs nothing, falls
/// out at the old end and reads on from the file.
/// </summary>
internal sealed class RecentChanges(Revision start)
{
    private const int ChangesMax = 4096;
    private const long BytesMax = 8 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly List<StoreChanges> _batches = [];
    private Revision _start = start;
    private Revision _end = start;
    private int _changes;
    private long _bytes;

    public void Publish(StoreChanges batch)
    {
        lock (_gate)
        {
            _batches.Add(batch);
            _end = batch.Revision;
            Count_NeedsLock(batch, sign: 1);
            if (_changes > ChangesMax || _bytes > BytesMax)
            {
                Trim_NeedsLock();
            }
        }
    }

    /// <summary>The file has moved on by itself: watchers read there what lies between.</summary>
    public void Restart(Revision at)
    {
        lock (_gate)
        {
            _batches.Clear();
            (_start, _end, _changes, _bytes) = (at, at, 0, 0);
        }
    }

    public RecentLook Look(Revision after)
    {
        lock (_gate)
        {
            return after >= _end ? RecentLook.Nothing
                : after < _start ? new RecentLook(Batch: null, BehindOf: _end)
                : new RecentLook(_batches[FirstAfter_NeedsLock(after)], BehindOf: null);
        }
    }

    private int FirstAfter_NeedsLock(Revision after)
    {
        var (low, high) = (0, _batches.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _batches[middle].Revision > after ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    // Down to half, so that moving the rest costs little for each batch.
    private void Trim_NeedsLock()
    {
        var gone = 0;
        while (gone < _batches.Count && (_changes > ChangesMax / 2 || _bytes > BytesMax / 2))
        {
            Count_NeedsLock(_batches[gone], sign: -1);
            _start = _batches[gone].Revision;
            gone++;
        }

        _batches.RemoveRange(0, gone);
    }

    private void Count_NeedsLock(StoreChanges batch, int sign)
    {
        // One more, since a batch without changes takes room as well.
        _changes += sign * (batch.Changes.Length + 1);
        foreach (var change in batch.Changes)
        {
            _bytes += sign * (change.Key.Length + (long)(change.Value?.Length ?? 0));
        }
    }
}

/// <param name="Batch">The next changes, maybe with some already seen.</param>
/// <param name="BehindOf">The next changes are only in the file, up to this revision.</param>
internal readonly record struct RecentLook(StoreChanges? Batch, Revision? BehindOf)
{
    public static readonly RecentLook Nothing;
}
