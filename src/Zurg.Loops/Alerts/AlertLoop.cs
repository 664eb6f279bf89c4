using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>What the alert rules read of the event log.</summary>
/// <param name="Last">The newest id; 0 for an empty log.</param>
/// <param name="After">The events after an id, the oldest first, so many as come at once.</param>
public sealed record AlertEvents(Func<long> Last, Func<long, ImmutableArray<EventRecord>> After);

/// <summary>
/// Looks at the cluster every two seconds and keeps the book of alerts, as part of the decider's role: what is told is in the
/// store before anybody is told, so a restarted master neither repeats nor forgets it. It waits for no receiver.
/// </summary>
public sealed partial class AlertLoop(
    IStateStore store, IClusterView view, AlertEvents events, RoleGuard guard, TimeProvider time, ILogger<AlertLoop> logger)
{
    /// <summary>Between two looks.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>What only says how long trouble has lasted is written so seldom: the store is not for that.</summary>
    public static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(30);

    private ImmutableSortedDictionary<string, long> _delivered =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    private AlertBook _book = AlertBook.Empty;
    private AlertBook _kept = AlertBook.Empty;
    private Revision _modified;
    private long _keptAt;
    private (ClusterSnapshot? Of, ImmutableArray<Hold> Holds) _plan = (null, []);

    /// <summary>What has been kept; any thread may ask.</summary>
    public AlertBook Current => Volatile.Read(ref _book);

    /// <summary>Rises with each news of <see cref="Current"/>.</summary>
    public Signal Changed { get; } = new();

    /// <summary>A webhook has been told of the changes up to this one. Never waits; kept with the next look.</summary>
    public void Delivered(string receiver, long number) => ImmutableInterlocked.Update(
        ref _delivered, told => told.SetItem(receiver, Math.Max(number, told.GetValueOrDefault(receiver))));

    /// <exception cref="RoleLostException">Another master decides now.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        var loaded = false;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!loaded)
                {
                    await LoadAsync(stop);
                    loaded = true;
                }

                await LookAsync(stop);
            }
            catch (StoreFaultException e)
            {
                // Perhaps it landed (SAFETY.md E2): the book is read again before the next one is written.
                Log.StoreFault(logger, e);
                loaded = false;
            }

            await Task.Delay(LookEvery, time, stop);
        }
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        var list = await store.ListAsync(StoreKeys.Alerts, at: null, stop);
        var entry = list.Entries.FirstOrDefault(e => e.Key == StoreKeys.Alerts);
        var book = entry is null ? null : Read(entry.Value);
        var newest = events.Last();

        // Without a book nothing was ever told, and what happened before is no news. A log that was begun anew counts from 1.
        book = book is null ? AlertBook.Empty with { LastEvent = newest }
            : book.LastEvent > newest ? book with { LastEvent = newest }
            : book;
        _modified = entry?.Modified ?? default;
        _kept = book;
        _keptAt = time.GetTimestamp();
        Publish(book);
    }

    private AlertBook? Read(ReadOnlyMemory<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize(value.Span, WireJson.Default.AlertBook);
        }
        catch (JsonException e)
        {
            Log.NotRead(logger, e);   // better told twice than never again
            return null;
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        var snapshot = view.Current;
        guard.Check(snapshot.State);
        if (snapshot.State.Revision.Value == 0)
        {
            return;   // nothing is known yet: that must not look like everything being well
        }

        if (!ReferenceEquals(_plan.Of, snapshot))
        {
            _plan = (snapshot, DeciderMachine.Decide(snapshot.State, snapshot.Naming, time.GetUtcNow()).Holds);
        }

        var book = Current;
        var seen = new AlertView(snapshot.State, _plan.Holds, events.After(book.LastEvent));
        var next = AlertRules.Next(book, seen, time.GetUtcNow());
        foreach (var (receiver, number) in Volatile.Read(ref _delivered).Where(d => next.Receipts.Any(r => r.Receiver == d.Key)))
        {
            next = AlertRules.Delivered(next, receiver, number);
        }

        var due = AlertRules.IsNews(_kept, next)
            || (AlertRules.IsChanged(_kept, next) && time.GetElapsedTime(_keptAt) >= KeepEvery);
        if (due)
        {
            await KeepAsync(next, stop);
        }

        Publish(next);
    }

    private async Task KeepAsync(AlertBook book, CancellationToken stop)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(book, WireJson.Default.AlertBook);
        var commit = new StoreCommit(
            [guard.Expectation, new StoreExpectation(StoreKeys.Alerts, _modified)], [new StoreWrite(StoreKeys.Alerts, json)]);
        switch (await store.CommitAsync(commit, stop))
        {
            case CommitOutcome.Committed(var revision):
                (_modified, _kept, _keptAt) = (revision, book, time.GetTimestamp());
                break;
            case CommitOutcome.Refused(var conflicts) when conflicts.Contains(guard.Key):
                throw new RoleLostException(guard);
            default:
                throw new StoreFaultException("the book of alerts was written by somebody else");
        }
    }

    private void Publish(AlertBook book)
    {
        var news = AlertRules.IsNews(Current, book);
        Volatile.Write(ref _book, book);
        if (news)
        {
            Changed.Raise();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2601, LogLevel.Warning, "The book of alerts could not be read or written; trying again")]
        public static partial void StoreFault(ILogger logger, Exception e);

        [LoggerMessage(2602, LogLevel.Error, "The book of alerts cannot be read by this build: it is begun anew")]
        public static partial void NotRead(ILogger logger, Exception e);
    }
}
