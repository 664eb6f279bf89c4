using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

internal abstract record HostOutcome
{
    private HostOutcome()
    {
    }

    /// <param name="Instances">So many are placed there now.</param>
    public sealed record Written(int Instances) : HostOutcome;

    public sealed record UnknownHost(ImmutableArray<HostId> Known) : HostOutcome;

    /// <param name="Before">Said before, by whom and when; null: never.</param>
    public sealed record NothingToDo(HostIntent? Before) : HostOutcome;

    /// <summary>It is heard: what is said of silent hosts does not fit it.</summary>
    public sealed record Alive : HostOutcome;
}

/// <summary>Writes down what a person asks of a host; the decider does the rest.</summary>
internal sealed class HostIntentChanging(IStateStore store, IClusterView view, IEventLog events, TimeProvider time)
{
    private const int AttemptsMax = 20;

    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(50);

    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public async Task<HostOutcome> ChangeAsync(HostId host, bool drained, string by, string? why, CancellationToken stop)
    {
        var key = StoreKeys.HostIntent(host);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var entry = await store.FindAsync(key, stop);
            var before = entry?.Read(WireJson.Default.HostIntent);
            var state = view.Current.State;
            if (!state.Facts.ContainsKey(host) && !state.Placements.ContainsKey(host) && before is null)
            {
                return new HostOutcome.UnknownHost([.. state.Facts.Keys]);
            }

            if ((before?.Drained ?? false) == drained)
            {
                return new HostOutcome.NothingToDo(before);
            }

            var at = time.GetUtcNow();
            var intent = new HostIntent
            {
                Host = host, Drained = drained, At = at, By = by, Why = why, Lost = before?.Lost,
            };
            if (await TryWriteAsync(intent, [new StoreExpectation(key, entry?.Modified ?? default)], stop))
            {
                await events.RecordAsync(EventOf(intent));
                return new HostOutcome.Written(state.Placements.GetValueOrDefault(host)?.Instances.Length ?? 0);
            }
        }

        throw new StoreFaultException($"others changed {key} {AttemptsMax} times in a row");
    }

    /// <summary>
    /// Of a silent host: that it is gone. Written only while it is as silent as this server knows it; its speaker makes a fact of
    /// it, with the event that says so.
    /// </summary>
    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public async Task<HostOutcome> LoseAsync(HostId host, string by, string? why, CancellationToken stop)
    {
        var (key, factsKey) = (StoreKeys.HostIntent(host), StoreKeys.Facts(host));
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var entry = await store.FindAsync(key, stop);
            var before = entry?.Read(WireJson.Default.HostIntent);
            var state = view.Current.State;
            if (state.Facts.GetValueOrDefault(host) is not { } facts)
            {
                return new HostOutcome.UnknownHost([.. state.Facts.Keys]);
            }

            if (facts.Session is not (HostSession.Silent or HostSession.Lost))
            {
                return new HostOutcome.Alive();
            }

            if (facts.Session == HostSession.Lost || before?.Lost?.SilentSince == facts.SessionSince)
            {
                return new HostOutcome.NothingToDo(before);
            }

            var at = time.GetUtcNow();
            var intent = (before ?? new HostIntent { Host = host, Drained = false, At = at, By = by }) with
            {
                Lost = new LostIntent(facts.SessionSince, at, by, why),
            };
            ImmutableArray<StoreExpectation> expected =
                [new(key, entry?.Modified ?? default), new(factsKey, state.ModifiedOf(factsKey))];
            if (await TryWriteAsync(intent, expected, stop))
            {
                return new HostOutcome.Written(state.Placements.GetValueOrDefault(host)?.Instances.Length ?? 0);
            }

            await Task.Delay(AgainAfter, time, stop);   // the view will bring what was not known
        }

        throw new StoreFaultException($"others changed {key} or {factsKey} {AttemptsMax} times in a row");
    }

    private async Task<bool> TryWriteAsync(
        HostIntent intent, ImmutableArray<StoreExpectation> expected, CancellationToken stop)
    {
        var value = JsonSerializer.SerializeToUtf8Bytes(intent, WireJson.Default.HostIntent);
        var commit = new StoreCommit(expected, [new StoreWrite(StoreKeys.HostIntent(intent.Host), value)]);
        if (await store.CommitAsync(commit, stop) is not CommitOutcome.Committed committed)
        {
            return false;
        }

        await view.ReachAsync(committed.Revision, time, stop);
        return true;
    }

    private static EventRecord EventOf(HostIntent intent) => new()
    {
        Id = 0,
        At = intent.At,
        Kind = intent.Drained ? EventKind.HostDrained : EventKind.HostUndrained,
        Host = intent.Host,
        Text = intent.Drained
            ? $"{intent.Host} is to be emptied, as {intent.By} asked{(intent.Why is { } why ? $": {why}" : "")}"
            : $"{intent.Host} takes instances again, as {intent.By} asked",
    };
}
