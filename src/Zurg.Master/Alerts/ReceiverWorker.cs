using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Alerts;

/// <summary>
/// Tells one receiver, and waits for nobody else: a webhook each change once and in order, an Alertmanager all that fires each
/// minute and at once when something changed. A receiver that is down is tried again, more and more seldom.
/// </summary>
internal sealed class ReceiverWorker(
    AlertReceiver receiver, AlertLoop alerts, AlertSender sender, Func<string> cluster, TimeProvider time)
{
    public static readonly TimeSpan RetryMin = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan RepeatEvery = TimeSpan.FromMinutes(1);

    /// <summary>A notice that the receiver does not want is tried so often; then the next ones have their turn.</summary>
    private const int PointlessMax = 3;

    private const int BatchMax = 100;

    private readonly Signal _nudged = new();
    private readonly string _id = ReceiverNames.IdOf(receiver);
    private Told _told = new(null, null, null, null);
    private long _sent;
    private int _failures;

    public ReceiverStatus Status
    {
        get
        {
            var told = Volatile.Read(ref _told);
            return new ReceiverStatus
            {
                Id = _id,
                Kind = receiver.Kind,
                Url = ReceiverNames.Shown(receiver),
                Waiting = receiver.Kind == ReceiverKind.Webhook ? Waiting().Count() : 0,
                Told = alerts.Current.Receipts.FirstOrDefault(r => r.Receiver == _id)?.Number ?? 0,
                DeliveredAt = told.DeliveredAt,
                Failure = told.Failure,
                FailedAt = told.FailedAt,
                NextTry = told.NextTry,
            };
        }
    }

    /// <summary>Until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var seen = alerts.Changed.Count;
            var outcome = receiver.Kind == ReceiverKind.Webhook ? await NotifyAsync(stop) : await RepeatAsync(stop);
            await (outcome is { Problem: not null }
                ? DelayAsync(BackOff(), stop)
                : WaitAsync(seen, receiver.Kind == ReceiverKind.Webhook ? Timeout.InfiniteTimeSpan : RepeatEvery, stop));
        }
    }

    private IEnumerable<Alert> Waiting() => AlertRules.Undelivered(alerts.Current, _id, Volatile.Read(ref _sent));

    /// <returns>The first that failed; null when there is nothing left to tell.</returns>
    private async Task<SendOutcome?> NotifyAsync(CancellationToken stop)
    {
        while (Waiting().FirstOrDefault() is { } alert)
        {
            var outcome = await sender.NotifyAsync(receiver, cluster(), alert, stop);
            Note(outcome);
            if (outcome.Problem is not null && !(outcome.Pointless && _failures >= PointlessMax))
            {
                return outcome;
            }

            _failures = 0;
            Volatile.Write(ref _sent, alert.Number);
            alerts.Delivered(_id, alert.Number);
        }

        return null;
    }

    private async Task<SendOutcome?> RepeatAsync(CancellationToken stop)
    {
        foreach (var batch in alerts.Current.Alerts.Chunk(BatchMax))
        {
            var outcome = await sender.RepeatAsync(receiver, cluster(), [.. batch], stop);
            Note(outcome);
            if (outcome.Problem is not null)
            {
                return outcome;
            }
        }

        _failures = 0;
        return null;
    }

    private void Note(SendOutcome outcome)
    {
        var now = time.GetUtcNow();
        _failures = outcome.Problem is null ? 0 : _failures + 1;
        Volatile.Write(ref _told, outcome.Problem is null
            ? new Told(now, null, null, null)
            : _told with { Failure = outcome.Problem, FailedAt = now });
    }

    /// <summary>1 s, 2 s, 4 s, ... up to the most.</summary>
    private TimeSpan BackOff()
    {
        var wait = RetryMin * Math.Pow(2, Math.Min(_failures - 1, 10));
        wait = wait < RetryMax ? wait : RetryMax;
        Volatile.Write(ref _told, _told with { NextTry = time.GetUtcNow() + wait });
        return wait;
    }

    /// <summary>It is known to listen again: what waits for it need not wait for its next turn.</summary>
    public void Nudge() => _nudged.Raise();

    private async Task DelayAsync(TimeSpan wait, CancellationToken stop)
    {
        using var timer = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timer.Token);
        await _nudged.WaitAsync(_nudged.Count, either.Token);
    }

    private async Task WaitAsync(long seen, TimeSpan most, CancellationToken stop)
    {
        using var timer = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timer.Token);
        await alerts.Changed.WaitAsync(seen, either.Token);
    }

    private sealed record Told(DateTimeOffset? DeliveredAt, string? Failure, DateTimeOffset? FailedAt, DateTimeOffset? NextTry);
}
