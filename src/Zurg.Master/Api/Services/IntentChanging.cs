using System.Collections.Immutable;
using System.Diagnostics;
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

/// <summary>What a person's word makes of an intent: the intent as it shall be, or why nothing is to be done.</summary>
internal abstract record IntentChange
{
    private IntentChange()
    {
    }

    public sealed record To(ServiceIntent After) : IntentChange;

    public sealed record None(IntentOutcome.NothingToDo Why) : IntentChange;

    public static implicit operator IntentChange(ServiceIntent after) => new To(after);

    public static implicit operator IntentChange(IntentOutcome.NothingToDo why) => new None(why);
}

/// <summary>Writes down what a person asks of a running service; the decider does the rest.</summary>
internal sealed class IntentChanging(IStateStore store, IClusterView view, IEventLog events, TimeProvider time)
{
    private const int AttemptsMax = 20;

    /// <param name="change">Called again when somebody else was faster.</param>
    /// <param name="record">What the event log says of it, when it is written.</param>
    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public Task<IntentOutcome> ChangeAsync(
        ServiceName service, Func<ServiceIntent, IntentChange> change,
        Func<DateTimeOffset, EventRecord> record, CancellationToken stop) =>
        ChangeAsync(service, beside: null, (intent, _) => change(intent), record, stop);

    /// <summary>
    /// The same for words on the newest rollout: written only while that one is as it was when they were weighed.
    /// </summary>
    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public Task<IntentOutcome> ChangeAsync(
        ServiceName service, Func<ServiceIntent, Rollout?, IntentChange> change,
        Func<DateTimeOffset, EventRecord> record, CancellationToken stop) =>
        ChangeAsync(
            service, StoreKeys.Rollout(service),
            (intent, rollout) => change(intent, rollout?.Read(WireJson.Default.Rollout)), record, stop);

    /// <param name="beside">A key that must not have changed meanwhile; null: none.</param>
    private async Task<IntentOutcome> ChangeAsync(
        ServiceName service, string? beside,
        Func<ServiceIntent, StoreEntry?, IntentChange> change,
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
            switch (change(entry?.Read(WireJson.Default.ServiceIntent) ?? ServiceIntent.Of(service), other))
            {
                case IntentChange.None(var why):
                    return why;
                case IntentChange.To(var after):
                    StoreExpectation expected = new(key, entry?.Modified ?? default);
                    if (await TryWriteAsync(
                        after, beside is null ? [expected] : [expected, new(beside, other?.Modified ?? default)], stop))
                    {
                        await events.RecordAsync(record(time.GetUtcNow()));
                        return new IntentOutcome.Written();
                    }

                    break;
                default:
                    throw new UnreachableException();
            }
        }

        throw new StoreFaultException($"others changed {key} {AttemptsMax} times in a row");
    }

    private async Task<bool> TryWriteAsync(
        ServiceIntent intent, ImmutableArray<StoreExpectation> expected, CancellationToken stop)
    {
        var value = JsonSerializer.SerializeToUtf8Bytes(intent, WireJson.Default.ServiceIntent);
        var commit = new StoreCommit(expected, [new StoreWrite(StoreKeys.Intent(intent.Service), value)]);
        if (await store.CommitAsync(commit, stop) is not CommitOutcome.Committed committed)
        {
            return false;
        }

        await view.ReachAsync(committed.Revision, time, stop);
        return true;
    }

    /// <summary>Those of the newest spec and those still placed.</summary>
    private async Task<ImmutableSortedSet<ServiceName>> KnownAsync(CancellationToken stop)
    {
        var (newest, _) = await new SpecArchive(store).NewestAsync(stop);
        var placed = view.Current.State.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance.Service);
        return [.. newest?.Spec.Services.Select(s => s.Name) ?? [], .. placed];
    }
}
