using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// The next state while it is being made from one commit or a group of them. Nobody sees it before <see cref="ToState"/>, so a
/// group that could not be made durable is dropped by dropping its draft.
/// </summary>
public sealed class StoreDraft(StoreState from)
{
    private readonly ImmutableSortedDictionary<string, StoreEntry>.Builder _entries = from.Entries.ToBuilder();

    public Revision Revision { get; private set; } = from.Revision;

    /// <summary>Checks a commit against everything applied before it; a refused one changes nothing.</summary>
    /// <param name="commit">Within <see cref="CommitLimits"/>.</param>
    /// <param name="changes">
    /// Gets what the commit changed. Removing a key that is not there changes nothing, yet takes a revision.
    /// </param>
    public CommitOutcome Apply(StoreCommit commit, ICollection<StoreChange> changes)
    {
        var conflicts = Conflicts(commit);
        if (!conflicts.IsEmpty)
        {
            return new CommitOutcome.Refused(conflicts);
        }

        Revision = Revision.Next;
        foreach (var write in commit.Writes)
        {
            Apply(write, changes);
        }

        return new CommitOutcome.Committed(Revision);
    }

    public StoreState ToState() => new(Revision, _entries.ToImmutable());

    private ImmutableArray<string> Conflicts(StoreCommit commit)
    {
        ImmutableArray<string> conflicts = [];
        foreach (var (key, expected) in commit.Expectations)
        {
            var actual = _entries.TryGetValue(key, out var entry) ? entry.Modified : default;
            if (actual != expected && !conflicts.Contains(key))
            {
                conflicts = conflicts.Add(key);
            }
        }

        return conflicts;
    }

    private void Apply(StoreWrite write, ICollection<StoreChange> changes)
    {
        if (write.Value is { } value)
        {
            // A copy: the writer may use its buffer again.
            ReadOnlyMemory<byte> kept = value.ToArray();
            _entries[write.Key] = new StoreEntry(write.Key, kept, Revision);
            changes.Add(new StoreChange(write.Key, kept, Revision));
        }
        else if (_entries.Remove(write.Key))
        {
            changes.Add(new StoreChange(write.Key, Value: null, Revision));
        }
    }
}
