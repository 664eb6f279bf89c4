namespace Zurg.Loops;

/// <summary>The limits of one commit, the same in every store, checked before anything is queued or sent.</summary>
public static class CommitLimits
{
    /// <exception cref="ArgumentException">
    /// Over a limit of <see cref="StoreCommit"/>, or writes nothing, or writes a key twice.
    /// </exception>
    public static void Demand(StoreCommit commit)
    {
        if (commit.Writes.IsEmpty)
        {
            throw new ArgumentException("a commit without writes has no revision: list instead", nameof(commit));
        }

        var operations = commit.Expectations.Length + commit.Writes.Length;
        if (operations > StoreCommit.OperationsMax)
        {
            throw new ArgumentException(
                $"{operations} operations in a commit; at most {StoreCommit.OperationsMax}", nameof(commit));
        }

        DemandKeys(commit);
        var bytes = commit.Expectations.Sum(e => (long)e.Key.Length)
            + commit.Writes.Sum(w => w.Key.Length + (long)(w.Value?.Length ?? 0));
        if (bytes > StoreCommit.BytesMax)
        {
            throw new ArgumentException($"{bytes} bytes in a commit; at most {StoreCommit.BytesMax}", nameof(commit));
        }
    }

    private static void DemandKeys(StoreCommit commit)
    {
        foreach (var expectation in commit.Expectations)
        {
            DemandKey(expectation.Key);
        }

        foreach (var write in commit.Writes)
        {
            DemandKey(write.Key);
        }

        if (commit.Writes.Length > 1
            && commit.Writes.DistinctBy(w => w.Key, StringComparer.Ordinal).Count() < commit.Writes.Length)
        {
            throw new ArgumentException("a key is written twice in one commit", nameof(commit));
        }
    }

    // Printable ASCII: only then has a key as many bytes as characters, and the same place in the order of every store.
    private static void DemandKey(string key)
    {
        if (key.Length is 0 or > StoreCommit.KeyCharsMax || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException(
                $"a key is 1 to {StoreCommit.KeyCharsMax} printable ASCII characters: '{key}'", nameof(key));
        }
    }
}
