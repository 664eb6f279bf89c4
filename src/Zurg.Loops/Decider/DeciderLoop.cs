using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>Plans on each new view of the cluster and commits what the plan says; it speaks to nobody but the store.</summary>
public sealed partial class DeciderLoop(
    IStateStore store, IClusterView view, IEventLog events, RoleGuard guard, TimeProvider time, ILogger<DeciderLoop> logger)
{
    /// <summary>Without the role's guard.</summary>
    private const int OperationsPerCommit = StoreCommit.OperationsMax - 1;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>A timer that is early by the clock's grain must not spin.</summary>
    private static readonly TimeSpan WakeMin = TimeSpan.FromMilliseconds(5);

    /// <summary>A timer takes no more than 49.7 days, and what is due later is planned again in between.</summary>
    private static readonly TimeSpan WakeMax = TimeSpan.FromDays(30);

    private readonly Channel<bool> _wake =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Beyond it the oldest are given up: a log that takes nothing must not fill the memory.</summary>
    private const int UnsaidMax = 1_000;

    private readonly SteadyClock _clock = new(time);
    private ImmutableArray<EventRecord> _unsaid = [];
    private DateTimeOffset? _wakeAt;

    /// <exception cref="RoleLostException">Another master decides now.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var timer = time.CreateTimer(
            static wake => ((Channel<bool>)wake!).Writer.TryWrite(true), _wake,
            Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var waker = WakeOnViewAsync(ended.Token);
        try
        {
            var committed = new Revision(0);
            while (await _wake.Reader.WaitToReadAsync(stop))
            {
                _wake.Reader.TryRead(out _);
                var snapshot = view.Current;
                guard.Check(snapshot.State);

                // A view older than our own last write would plan the same step twice.
                if (snapshot.State.Revision >= committed)
                {
                    committed = await ActAsync(snapshot, stop) ?? committed;
                    timer.Change(Due(), Timeout.InfiniteTimeSpan);
                }
            }
        }
        finally
        {
            ended.Cancel();

            // Waited for, so that nothing of this loop outlives it; what went wrong in there came through the channel.
            await waker.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
        }
    }

    private async Task WakeOnViewAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var _ in view.WatchAsync(stop))
            {
                _wake.Writer.TryWrite(true);
            }

            _wake.Writer.TryComplete();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _wake.Writer.TryComplete(e);   // the loop ends with it instead of sleeping on
        }
    }

    /// <summary>Until the time has come that the last plan waits for.</summary>
    private TimeSpan Due()
    {
        var left = _wakeAt - _clock.Now;
        return left is null ? Timeout.InfiniteTimeSpan : left > WakeMax ? WakeMax : left > WakeMin ? left.Value : WakeMin;
    }

    /// <summary>
    /// Plans again until the store has answered: after a fault there may never be a next view to plan on, and what was asked for
    /// would wait for ever.
    /// </summary>
    private async Task<Revision?> ActAsync(ClusterSnapshot snapshot, CancellationToken stop)
    {
        while (true)
        {
            var plan = DeciderMachine.Decide(snapshot.State, snapshot.Naming, _clock.Now);
            _wakeAt = plan.WakeAt;
            try
            {
                return await CommitAsync(snapshot.State, plan, stop);
            }
            catch (StoreFaultException e)
            {
                // Perhaps it landed, perhaps not (SAFETY.md E2): the guards make planning again safe either way.
                Log.StoreFault(logger, e);
            }

            await Task.Delay(RetryAfter, time, stop);
            snapshot = view.Current;
        }
    }

    /// <returns>The revision of the last commit; null when there was nothing to commit.</returns>
    private async Task<Revision?> CommitAsync(ClusterState state, Plan plan, CancellationToken stop)
    {
        Revision? last = null;
        var lost = state.Facts.Values.Where(f => f.Session == HostSession.Lost)
            .ToDictionary(f => StoreKeys.Placements(f.Host), f => StoreKeys.Facts(f.Host), StringComparer.Ordinal);
        foreach (var writes in Bites([.. RolloutWrites(plan), .. PlacementWrites(plan)], lost))
        {
            // What is taken from a lost host without a drain is taken only while it is lost: so each of its instances is either
            // replaced before it is heard again, or is its own still.
            var keys = writes.Select(w => w.Key).Concat(writes.Where(w => lost.ContainsKey(w.Key)).Select(w => lost[w.Key]));
            var commit = new StoreCommit(
                [guard.Expectation, .. keys.Select(key => new StoreExpectation(key, state.ModifiedOf(key)))], writes);
            switch (await store.CommitAsync(commit, stop))
            {
                case CommitOutcome.Committed(var revision):
                    last = revision;
                    break;
                case CommitOutcome.Refused(var conflicts) when conflicts.Contains(guard.Key):
                    throw new RoleLostException(guard);
                case CommitOutcome.Refused(var conflicts):
                    Log.Conflict(logger, string.Join(", ", conflicts));
                    await SayAsync(last is null ? [] : [.. plan.News.Select(EventOf)], stop);
                    return last;   // the view will bring what we did not know
            }
        }

        await SayAsync(last is null ? [] : [.. plan.News.Select(EventOf), .. plan.Steps.Select(EventOf)], stop);
        return last;
    }

    /// <summary>What could not be kept before comes first: it is about what was committed, and no later plan tells it.</summary>
    private async Task SayAsync(ImmutableArray<EventRecord> news, CancellationToken stop)
    {
        _unsaid = [.. _unsaid.AddRange(news).TakeLast(UnsaidMax)];
        if (!_unsaid.IsEmpty)
        {
            await events.AppendAsync(agent: null, _unsaid, stop);
            _unsaid = [];
        }
    }

    /// <summary>First, so that whoever goes on from the middle of a plan knows what its placements are a part of.</summary>
    private static IEnumerable<StoreWrite> RolloutWrites(Plan plan)
    {
        var rollouts = plan.Rollouts.Select(r => new StoreWrite(
            StoreKeys.Rollout(r.Key),
            r.Value is null
                ? default(ReadOnlyMemory<byte>?)
                : JsonSerializer.SerializeToUtf8Bytes(r.Value, WireJson.Default.Rollout)));
        return plan.Unasked is not { } unasked
            ? rollouts
            : rollouts.Append(new StoreWrite(
                StoreKeys.Unasked, JsonSerializer.SerializeToUtf8Bytes(unasked, WireJson.Default.UnaskedActions)));
    }

    private static IEnumerable<StoreWrite> PlacementWrites(Plan plan) => plan.Placements.Select(p => new StoreWrite(
        StoreKeys.Placements(p.Host), JsonSerializer.SerializeToUtf8Bytes(p, WireJson.Default.HostPlacements)));

    /// <summary>Commits within the store's limits, each safe alone: no instance moves between hosts within one plan.</summary>
    /// <param name="guarded">Keys whose write has another expectation besides its own.</param>
    private static IEnumerable<ImmutableArray<StoreWrite>> Bites(
        ImmutableArray<StoreWrite> writes, Dictionary<string, string> guarded)
    {
        var bite = ImmutableArray.CreateBuilder<StoreWrite>();
        var (bytes, operations) = (0, 0);
        foreach (var write in writes)
        {
            var size = (write.Value?.Length ?? 0) + (2 * StoreCommit.KeyCharsMax);
            var takes = guarded.ContainsKey(write.Key) ? 3 : 2;   // it, its expectation, the other one
            if (bite.Count > 0 && (operations + takes > OperationsPerCommit || bytes + size > StoreCommit.BytesMax))
            {
                yield return bite.DrainToImmutable();
                (bytes, operations) = (0, 0);
            }

            bite.Add(write);
            bytes += size;
            operations += takes;
        }

        if (bite.Count > 0)
        {
            yield return bite.DrainToImmutable();
        }
    }

    private EventRecord EventOf(RolloutNews news) => new()
    {
        Id = 0,
        At = time.GetUtcNow(),
        Kind = news.Kind,
        Service = news.Service,
        Text = news.Text,
    };

    private EventRecord EventOf(Step step) => new()
    {
        Id = 0,
        At = time.GetUtcNow(),
        Kind = step switch
        {
            Step.Place => EventKind.InstancePlaced,
            Step.Change => EventKind.InstanceChanged,
            Step.Remove => EventKind.InstanceRemoved,
            Step.Drain => EventKind.InstanceDraining,
            _ => throw new System.Diagnostics.UnreachableException(),
        },
        Service = step.Instance.Service,
        Instance = step.Instance,
        Host = step.Host,
        Text = step.Text,
    };

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Warning, "The store did not confirm a plan; reading before acting again")]
        public static partial void StoreFault(ILogger logger, Exception e);

        [LoggerMessage(2102, LogLevel.Information, "A plan was overtaken ({Conflicts}); planning again")]
        public static partial void Conflict(ILogger logger, string conflicts);
    }
}
