using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <param name="Key">A path such as facts/host1; at most <see cref="StoreCommit.KeyCharsMax"/> characters.</param>
/// <param name="Value">JSON of one WireJson record.</param>
/// <param name="Modified">The revision of the commit that wrote this value.</param>
public sealed record StoreEntry(string Key, ReadOnlyMemory<byte> Value, Revision Modified);

/// <param name="Revision">The store's revision when it was listed: a watch after it continues without a gap.</param>
public sealed record StoreSnapshot(Revision Revision, ImmutableArray<StoreEntry> Entries);

/// <summary>One key's new value, or its removal.</summary>
/// <param name="Value">Null removes the key.</param>
public sealed record StoreWrite(string Key, ReadOnlyMemory<byte>? Value);

/// <param name="Modified">The revision of the key's last write that the writer saw; 0 when the key must not exist.</param>
public sealed record StoreExpectation(string Key, Revision Modified);

/// <summary>A set of guarded writes. No key may be written twice in one commit. etcd's own limits, kept by every store.</summary>
public sealed record StoreCommit(ImmutableArray<StoreExpectation> Expectations, ImmutableArray<StoreWrite> Writes)
{
    /// <summary>Expectations and writes together.</summary>
    public const int OperationsMax = 100;

    /// <summary>Keys and values together.</summary>
    public const int BytesMax = 1024 * 1024;

    public const int KeyCharsMax = 512;
}

/// <summary>The answer to a commit. A fault is an exception, and then nothing is known.</summary>
public abstract record CommitOutcome
{
    private CommitOutcome()
    {
    }

    /// <summary>Durable.</summary>
    public sealed record Committed(Revision Revision) : CommitOutcome;

    /// <summary>An expectation did not hold; nothing was written.</summary>
    /// <param name="Conflicts">The keys whose revision is another than the one expected.</param>
    public sealed record Refused(ImmutableArray<string> Conflicts) : CommitOutcome;
}

/// <param name="Modified">The revision that wrote or removed the key.</param>
/// <param name="Value">Null when the key was removed.</param>
public sealed record StoreChange(string Key, ReadOnlyMemory<byte>? Value, Revision Modified);

/// <param name="Revision">The watcher has now seen everything up to this revision.</param>
public sealed record StoreChanges(Revision Revision, ImmutableArray<StoreChange> Changes);

/// <summary>The store could not do or could not confirm it: a disk, a network, a full database.</summary>
public class StoreFaultException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The revision asked for was compacted away.</summary>
public sealed class StoreCompactedException(Revision oldest)
    : Exception($"revisions before {oldest} are compacted: list again and watch from there")
{
    public Revision Oldest { get; } = oldest;
}
