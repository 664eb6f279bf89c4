using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Alerts;

/// <summary>One worker for each receiver of the newest spec: a receiver that is down or hangs delays no other.</summary>
internal sealed partial class AlertDelivery(AlertLoop alerts, IClusterView view, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    // Redirects are not followed: a token must not go where nobody sent it.
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });

    private ImmutableSortedDictionary<string, ReceiverWorker> _workers =
        ImmutableSortedDictionary.Create<string, ReceiverWorker>(StringComparer.Ordinal);

    private ImmutableArray<AlertReceiver> Receivers => view.Current.State.Applied?.Spec.Alerts?.Receivers ?? [];

    public AlertStatus Status => new()
    {
        Alerts = [.. alerts.Current.Alerts.OrderBy(a => a.ResolvedAt is not null).ThenByDescending(a => a.FiredAt)],
        Receivers = [.. Volatile.Read(ref _workers).Values.Select(w => w.Status)],
    };

    /// <summary>Sends one test alert to every receiver, now, whatever else they wait for.</summary>
    public async Task<ImmutableArray<AlertTestResult>> TestAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var sender = new AlertSender(_http, time);
        var alert = new Alert
        {
            Key = "test",
            Kind = AlertKind.Test,
            Text = "this is a test: somebody ran zurg alerts test",
            Since = now,
            FiredAt = now,
            Number = 0,
        };
        return [.. await Task.WhenAll(Receivers.Select(async receiver =>
        {
            var outcome = receiver.Kind == ReceiverKind.Webhook
                ? await sender.NotifyAsync(receiver, Cluster(), alert, stop)
                : await sender.RepeatAsync(receiver, Cluster(), [alert with { ResolvedAt = now + TestLasts }], stop);
            if (outcome.Problem is null && Volatile.Read(ref _workers).TryGetValue(ReceiverNames.IdOf(receiver), out var worker))
            {
                worker.Nudge();
            }

            return new AlertTestResult(
                ReceiverNames.IdOf(receiver), receiver.Kind, ReceiverNames.Shown(receiver), outcome.Problem is null,
                outcome.Problem ?? "delivered");
        }))];
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var sender = new AlertSender(_http, time);
        var running = new Dictionary<AlertReceiver, (CancellationTokenSource End, Task Work, ReceiverWorker Worker)>();
        try
        {
            await foreach (var _ in view.WatchAsync(stop))
            {
                var wanted = Receivers.Where(r => r.Kind != ReceiverKind.Unknown).Distinct().ToImmutableArray();
                foreach (var gone in running.Keys.Except(wanted).ToImmutableArray())
                {
                    await EndAsync(running[gone]);
                    running.Remove(gone);
                }

                foreach (var receiver in wanted.Where(r => !running.ContainsKey(r)))
                {
                    var worker = new ReceiverWorker(receiver, alerts, sender, Cluster, time);
                    var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
                    running.Add(receiver, (end, Task.Run(() => WorkAsync(worker, end.Token), CancellationToken.None), worker));
                    Log.Told(logger, WireEnum.NameOf(receiver.Kind), ReceiverNames.Shown(receiver));
                }

                Volatile.Write(ref _workers, running.ToImmutableSortedDictionary(
                    w => ReceiverNames.IdOf(w.Key), w => w.Value.Worker, StringComparer.Ordinal));
            }
        }
        finally
        {
            foreach (var worker in running.Values)
            {
                await EndAsync(worker);
            }
        }

        stop.ThrowIfCancellationRequested();
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Cluster() => view.Current.State.Applied?.Spec.Cluster.Value ?? "default";

    private static async Task WorkAsync(ReceiverWorker worker, CancellationToken stop)
    {
        try
        {
            await worker.RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked for.
        }
    }

    private static async Task EndAsync((CancellationTokenSource End, Task Work, ReceiverWorker Worker) running)
    {
        await running.End.CancelAsync();
        await running.Work;
        running.End.Dispose();
    }

    private static readonly TimeSpan TestLasts = TimeSpan.FromMinutes(1);

    private static partial class Log
    {
        [LoggerMessage(2651, LogLevel.Information, "Alerts are told to the {Kind} at {Url}")]
        public static partial void Told(ILogger logger, string kind, string url);
    }
}
