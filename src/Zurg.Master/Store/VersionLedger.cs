using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>Which row holds each key's current version, and which rows nobody needs once the past is compacted.</summary>
internal sealed class VersionLedger
{
    private readonly Dictionary<string, Row> _current = new(StringComparer.Ordinal);

    // In the order of OverwrittenAt. A version stands before the removal that ended it: the removal alone would bring it back.
    private readonly Queue<OverwrittenRow> _overwritten = new();
    private long _overwrittenBytes;

    public IEnumerable<(string Key, VersionId Id)> Current => _current.Select(pair => (pair.Key, pair.Value.Id));

    /// <summary>Rows in the order of their ids, each once.</summary>
    /// <param name="valueBytes">Null for a removal.</param>
    public void Append(VersionId id, string key, int? valueBytes)
    {
        if (_current.Remove(key, out var before))
        {
            Enqueue(new OverwrittenRow(id.Revision, before));
        }

        var row = new Row(id, key.Length + (valueBytes ?? 0));
        if (valueBytes is null)
        {
            Enqueue(new OverwrittenRow(id.Revision, row));
        }
        else
        {
            _current.Add(key, row);
        }
    }

    /// <summary>Up to where the limits ask to forget, the newest revision being given.</summary>
    public Revision DueUpTo(StoreHistoryLimits limits, Revision newest)
    {
        var due = new Revision(Math.Max(0, newest.Value - limits.RevisionsMax));
        var bytes = _overwrittenBytes;
        foreach (var row in _overwritten)
        {
            if (bytes <= limits.BytesMax)
            {
                break;
            }

            bytes -= row.Row.Bytes;
            due = row.At > due ? row.At : due;
        }

        return due;
    }

    /// <summary>
    /// The oldest rows to forget; nothing is taken out yet. Whole revisions, so there may be a few more than asked for.
    /// </summary>
    public CompactionBite NextBite(int rows, Revision upTo)
    {
        var ids = new List<VersionId>();
        var reached = default(Revision);
        foreach (var row in _overwritten)
        {
            if (row.At > upTo)
            {
                break;
            }

            if (row.At != reached && ids.Count >= rows)
            {
                return new CompactionBite(reached, ids);
            }

            reached = row.At;
            ids.Add(row.Row.Id);
        }

        return new CompactionBite(upTo, ids);
    }

    /// <summary>After a bite was made durable.</summary>
    public void Forget(CompactionBite bite)
    {
        for (var i = 0; i < bite.Rows.Count; i++)
        {
            _overwrittenBytes -= _overwritten.Dequeue().Row.Bytes;
        }
    }

    private void Enqueue(OverwrittenRow row)
    {
        _overwritten.Enqueue(row);
        _overwrittenBytes += row.Row.Bytes;
    }

    private readonly record struct Row(VersionId Id, int Bytes);

    private readonly record struct OverwrittenRow(Revision At, Row Row);
}

/// <param name="Compacted">History is whole after this revision once the rows are gone.</param>
internal sealed record CompactionBite(Revision Compacted, IReadOnlyList<VersionId> Rows);
