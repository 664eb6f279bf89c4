using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// Writes an applied spec. What it refers to is written first (instance specs by digest, the numbered copy), in as many commits
/// as the store's limits ask for; spec/current comes last and makes all of it count. A crash in between leaves what nobody refers
/// to.
/// </summary>
internal static class SpecCommit
{
    internal abstract record Outcome
    {
        private Outcome()
        {
        }

        public sealed record Written(Revision Revision) : Outcome;

        /// <summary>Somebody else wrote one of the keys: read again.</summary>
        public sealed record Conflict : Outcome;

        /// <summary>More than the store takes as one value.</summary>
        public sealed record TooLarge : Outcome;
    }

    /// <summary>Keys that go with the last commit; what is more goes with later specs.</summary>
    public const int ObsoleteMax = 10;

    // An absent key costs two operations: the expectation and the write.
    private const int KeysMax = (StoreCommit.OperationsMax / 2) - ObsoleteMax;

    /// <param name="obsolete">Keys that go once the spec counts, guarded by these revisions.</param>
    public static async Task<Outcome> WriteAsync(
        IStateStore store, AppliedSpec applied, AppliedSpec? newest, Revision currentModified,
        ImmutableArray<StoreExpectation> obsolete, CancellationToken stop)
    {
        var value = JsonSerializer.SerializeToUtf8Bytes(applied, WireJson.Default.AppliedSpec);
        var numbered = StoreKeys.Spec(applied.Number);
        if (value.Length + numbered.Length > StoreCommit.BytesMax)
        {
            return new Outcome.TooLarge();
        }

        // An apply that died before its last commit may have left this number behind: its copy is replaced.
        var orphan = (await store.FindAsync(numbered, stop))?.Modified ?? default;
        var specs = await NewInstanceSpecsAsync(store, applied, newest, stop);
        ImmutableArray<Guarded> before = [.. specs, new Guarded(numbered, value, orphan)];
        var current = new Guarded(StoreKeys.CurrentSpec, value, currentModified);
        if (Fits([.. before, current]))
        {
            return Answer(await store.CommitAsync(Without(obsolete, Commit([.. before, current])), stop));
        }

        Revision? copied = null;
        foreach (var batch in Batches(before))
        {
            if (await store.CommitAsync(Commit(batch), stop) is not CommitOutcome.Committed committed)
            {
                return new Outcome.Conflict();
            }

            copied = batch.Any(g => g.Key == numbered) ? committed.Revision : copied;
        }

        // Guarded by the numbered copy too: another apply may have taken the number for its own in between.
        var last = Commit([current]);
        var expectations = last.Expectations.Add(new StoreExpectation(numbered, copied!.Value));
        return Answer(await store.CommitAsync(Without(obsolete, last with { Expectations = expectations }), stop));
    }

    private static async Task<ImmutableArray<Guarded>> NewInstanceSpecsAsync(
        IStateStore store, AppliedSpec applied, AppliedSpec? newest, CancellationToken stop)
    {
        var seen = newest is null ? [] : DigestsOf(newest).ToImmutableSortedSet();
        var specs = ImmutableSortedDictionary.CreateBuilder<Digest, Guarded>();
        foreach (var (digest, spec) in SpecsOf(applied))
        {
            var key = StoreKeys.InstanceSpec(digest);
            if (!seen.Contains(digest) && !specs.ContainsKey(digest) && await store.FindAsync(key, stop) is null)
            {
                specs[digest] = new Guarded(
                    key, JsonSerializer.SerializeToUtf8Bytes(spec, WireJson.Default.InstanceSpec), default);
            }
        }

        return [.. specs.Values];
    }

    private static IEnumerable<Digest> DigestsOf(AppliedSpec applied) =>
        applied.InstanceDigests.Values.Concat(applied.OwnDigests?.Values ?? []);

    /// <summary>Each service's spec, and those of the instances that have one of their own.</summary>
    private static IEnumerable<(Digest Digest, InstanceSpec Spec)> SpecsOf(AppliedSpec applied)
    {
        foreach (var service in applied.Spec.Services)
        {
            yield return (applied.InstanceDigests[service.Name], service.Instance);
            foreach (var index in service.PerInstance?.Keys ?? [])
            {
                yield return (applied.DigestOf(new InstanceId(service.Name, index)), service.InstanceOf(index));
            }
        }
    }

    private static IEnumerable<ImmutableArray<Guarded>> Batches(ImmutableArray<Guarded> all)
    {
        var batch = ImmutableArray.CreateBuilder<Guarded>();
        foreach (var guarded in all)
        {
            if (batch.Count > 0 && !Fits([.. batch, guarded]))
            {
                yield return batch.ToImmutable();
                batch.Clear();
            }

            batch.Add(guarded);
        }

        yield return batch.ToImmutable();
    }

    private static bool Fits(ImmutableArray<Guarded> batch) =>
        batch.Length <= KeysMax && batch.Sum(g => (2L * g.Key.Length) + g.Value.Length) <= StoreCommit.BytesMax;

    private static StoreCommit Commit(ImmutableArray<Guarded> batch) => new(
        [.. batch.Select(g => new StoreExpectation(g.Key, g.Modified))], [.. batch.Select(g => new StoreWrite(g.Key, g.Value))]);

    private static StoreCommit Without(ImmutableArray<StoreExpectation> obsolete, StoreCommit commit) => new(
        [.. commit.Expectations, .. obsolete], [.. commit.Writes, .. obsolete.Select(o => new StoreWrite(o.Key, null))]);

    private static Outcome Answer(CommitOutcome outcome) =>
        outcome is CommitOutcome.Committed committed ? new Outcome.Written(committed.Revision) : new Outcome.Conflict();

    private sealed record Guarded(string Key, byte[] Value, Revision Modified);
}
