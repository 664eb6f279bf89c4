using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

internal abstract record IntentOutcome
{
    private IntentOutcome()
    {
    }

    public sealed record Written : IntentOutcome;

    public sealed record UnknownService(ImmutableArray<ServiceName> Known) : IntentOutcome;

    /// <param name="Text">Why there is nothing to do.</param>
    public sealed record NothingToDo(string Text, string? Mend) : IntentOutcome;
}

/// <summary>Writes down what a person asks of a running service; the decider does the rest.</summary>
internal sealed class IntentChanging(IStateStore store, IClusterView view, IEventLog events, TimeProvider time)
{
    private const int AttemptsMax = 20;

    /// <param name="change">
    /// The intent as it shall be, or why nothing is to be done. Called again when somebody else was faster.
    /// </param>
    /// <param name="record">What the event log says of it, when it is written.</param>
    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public Task<IntentOutcome> ChangeAsync(
        ServiceName service, Func<ServiceIntent, (ServiceIntent?, IntentOutcome.NothingToDo?)> change,
        Func<DateTimeOffset, EventRecord> record, CancellationToken stop) =>
        ChangeAsync(service, beside: null, (intent, _) => change(intent), record, stop);

    /// <summary>
    /// The same for words on the newest rollout: written only while that one is as it was when they were weighed.
    /// </summary>
    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public Task<IntentOutcome> ChangeAsync(
        ServiceName service, Func<ServiceIntent, Rollout?, (ServiceIntent?, IntentOutcome.NothingToDo?)> change,
        Func<DateTimeOffset, EventRecord> record, CancellationToken stop) =>
        ChangeAsync(
            service, StoreKeys.Rollout(service),
            (intent, rollout) => change(intent, rollout?.Read(WireJson.Default.Rollout)), record, stop);

    /// <param name="beside">A key that must not have changed meanwhile; null: none.</param>
    private async Task<IntentOutcome> ChangeAsync(
        ServiceName service, string? beside,
        Func<ServiceIntent, StoreEntry?, (ServiceIntent?, IntentOutcome.NothingToDo?)> change,
        Func<DateTimeOffset, EventRecord> record, CancellationToken stop)
    {
        var known = await KnownAsync(stop);
        if (!known.Contains(service))
        {
            return new IntentOutcome.UnknownService([.. known]);
        }

        var key = StoreKeys.Intent(service);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var entry = await store.FindAsync(key, stop);
            var other = beside is null ? null : await store.FindAsync(beside, stop);
            var (after, nothing) = change(entry?.Read(WireJson.Default.ServiceIntent) ?? ServiceIntent.Of(service), other);
            if (after is null)
            {
                return nothing!;
            }

            var value = JsonSerializer.SerializeToUtf8Bytes(after, WireJson.Default.ServiceIntent);
            var expected = new StoreExpectation(key, entry?.Modified ?? default);
            var commit = new StoreCommit(
                beside is null ? [expected] : [expected, new StoreExpectation(beside, other?.Modified ?? default)],
                [new StoreWrite(key, value)]);
            if (await store.CommitAsync(commit, stop) is CommitOutcome.Committed committed)
            {
                await view.ReachAsync(committed.Revision, time, stop);
                await events.RecordAsync(record(time.GetUtcNow()));
                return new IntentOutcome.Written();
            }
        }

        throw new StoreFaultException($"others changed {key} {AttemptsMax} times in a row");
    }

    /// <summary>Those of the newest spec and those still placed.</summary>
    private async Task<ImmutableSortedSet<ServiceName>> KnownAsync(CancellationToken stop)
    {
        var (newest, _) = await new SpecArchive(store).NewestAsync(stop);
        var placed = view.Current.State.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance.Service);
        return [.. newest?.Spec.Services.Select(s => s.Name) ?? [], .. placed];
    }
}
