using System.Collections.Immutable;
using System.Globalization;
using Zurg.Sdk;

namespace Zurg.Bench;

/// <summary>
/// Rollouts in a row of a service of four instances, a real ASP.NET Core application, under steady load from four kinds of
/// consumers at once, one of which is frozen during one of the rollouts. Counted are failed requests, and how much longer than
/// its last request each instance is kept. The control arm waits for nobody: it has to fail, or nothing was measured.
/// </summary>
internal static class RolloutBenchmark
{
    public static readonly Benchmark Entry =
        new("rollout", "failed requests in rollouts under load of SDK, listener and nginx (5 min)", RunAsync);

    private const double OverheadGoalSeconds = 0.2;
    private const int WorkersPerClient = 4;

    /// <summary>So many times fewer rollouts follow without nginx, so that nobody waits for its reload.</summary>
    private const int WithoutNginxShare = 4;

    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(8);

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var directory = BenchmarkDirectory.Fresh(options.Directory);
        var confirmation = !options.WithoutConfirmation;
        await using var cluster = await RolloutCluster.StartAsync(directory, stop);
        await cluster.ApplyAsync(confirmation, nginx: true, stop);
        await using var zurg = new ZurgClient(cluster.SocketPath);
        await using var subscriber = await FrozenSubscriber.StartAsync(cluster.SocketPath, stop);
        var carried = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{cluster.CarriedPort}"));
        using var loads = new Loads(
            new RolloutClient("sdk", new Uri("http://web/"), () => new HttpClient(zurg.CreateHandler())),
            new RolloutClient("listener", carried, () => new HttpClient(new SocketsHttpHandler { UseProxy = false })),
            new RolloutClient("nginx", await cluster.FrontAsync(stop), OneRequestAConnection));
        loads.Start();
        var (durations, frozenAt) = (new List<TimeSpan>(), default((DateTimeOffset From, DateTimeOffset To)));
        for (var i = 1; i <= options.Rollouts; i++)
        {
            var rolling = cluster.RollAsync(stop);
            if (i == Middle(options))
            {
                frozenAt = await FreezeAsync(subscriber, stop);
            }

            var took = await rolling;
            durations.Add(took);
            var frozen = i == Middle(options) ? ", a subscriber frozen" : "";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"rollout {i} of {options.Rollouts}: {took.TotalSeconds:0.0} s{frozen}    {loads.Account}"));
        }

        await loads.EndAsync("nginx");
        var all = await RolloutOverheads.ReadAsync(cluster, stop);
        await cluster.ApplyAsync(confirmation, nginx: false, stop);
        for (var i = 0; i < Math.Max(1, options.Rollouts / WithoutNginxShare); i++)
        {
            await cluster.RollAsync(stop);
        }

        var rest = (await RolloutOverheads.ReadAsync(cluster, stop)).After(all);
        await loads.EndAsync();
        var own = await subscriber.EndAsync(stop);
        loads.Print(own);
        return Summarize(options, durations, all, rest, frozenAt, loads, own);
    }

    private static BenchmarkLine Summarize(
        BenchmarkOptions options, List<TimeSpan> durations, RolloutOverheads all, RolloutOverheads rest,
        (DateTimeOffset From, DateTimeOffset To) frozen, Loads loads, (long Requests, long Failed, string First) own)
    {
        var failed = loads.Failed + own.Failed;
        var quick = all.Outside(frozen.From, frozen.To);
        var sorted = durations.Order().ToArray();
        ImmutableArray<(string Key, string Value)> figures =
        [
            ("failed", Show(failed)),
            ("requests", Show(loads.Requests + own.Requests)), .. loads.Figures,
            ("subscriber_failed", string.Create(CultureInfo.InvariantCulture, $"{own.Failed}/{own.Requests}")),
            ("rollouts", Show(durations.Count)), ("rollout_p50_s", Seconds(sorted[sorted.Length / 2])),
            ("rollout_worst_s", Seconds(sorted[^1])),
        ];
        if (options.WithoutConfirmation)
        {
            return new BenchmarkLine(Entry.Name + "-without-confirmation", figures, "none", failed, "failed>0", failed > 0);
        }

        figures =
        [
            figures[0], ("overhead_s", Seconds(rest.Median)), ("overhead_worst_s", Seconds(rest.Worst)),
            ("overhead_nginx_s", Seconds(quick.Median)), ("overhead_nginx_worst_s", Seconds(quick.Worst)),
            ("stops", Show(rest.Count + quick.Count)), ("stops_while_frozen", Show(all.Within(frozen.From, frozen.To).Count)),
            .. figures[1..],
        ];
        var median = Math.Max(rest.Median.TotalSeconds, 0.001);
        return new BenchmarkLine(
            Entry.Name, figures, "none", OverheadGoalSeconds / median,
            string.Create(CultureInfo.InvariantCulture, $"failed=0,overhead_s<={OverheadGoalSeconds}"),
            failed == 0 && rest.Median.TotalSeconds <= OverheadGoalSeconds);
    }

    /// <summary>The rollout in which the subscriber is frozen, counted from 1.</summary>
    private static int Middle(BenchmarkOptions options) => (options.Rollouts + 1) / 2;

    /// <returns>Between these moments it was frozen for certain.</returns>
    private static async Task<(DateTimeOffset From, DateTimeOffset To)> FreezeAsync(
        FrozenSubscriber subscriber, CancellationToken stop)
    {
        await subscriber.FreezeAsync(stop);
        var from = TimeProvider.System.GetUtcNow();
        try
        {
            await Task.Delay(Frozen, TimeProvider.System, stop);
        }
        finally
        {
            await subscriber.ContinueAsync(CancellationToken.None);
        }

        return (from, from + Frozen);
    }

    /// <summary>nginx closes its clients' idle connections when it reloads: a matter between those two.</summary>
    private static HttpClient OneRequestAConnection() =>
        new(new SocketsHttpHandler { UseProxy = false }) { DefaultRequestHeaders = { ConnectionClose = true } };

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Show(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The clients that run in this process.</summary>
    private sealed class Loads(params RolloutClient[] clients) : IDisposable
    {
        private readonly Dictionary<string, (CancellationTokenSource Stop, Task Asking)> _running = [];

        public long Requests => clients.Sum(c => c.Requests);

        public long Failed => clients.Sum(c => c.Failed);

        public string Account => string.Join("    ", clients.Select(c => $"{c.Name} {c.Failed} of {c.Requests} failed"));

        public IEnumerable<(string Key, string Value)> Figures =>
            clients.Select(c => (c.Name + "_failed", string.Create(CultureInfo.InvariantCulture, $"{c.Failed}/{c.Requests}")));

        public void Start()
        {
            foreach (var client in clients)
            {
                var stop = new CancellationTokenSource();
                _running[client.Name] = (stop, client.RunAsync(WorkersPerClient, stop.Token));
            }
        }

        public async Task EndAsync(string? name = null)
        {
            foreach (var (stop, asking) in _running.Where(r => name is null || r.Key == name).Select(r => r.Value))
            {
                await stop.CancelAsync();
                await asking;
            }
        }

        public void Print((long Requests, long Failed, string First) subscriber)
        {
            foreach (var trouble in clients.SelectMany(c => c.Troubles))
            {
                Console.WriteLine(trouble);
            }

            if (subscriber.Failed > 0)
            {
                Console.WriteLine($"subscriber: {subscriber.Failed} of {subscriber.Requests} failed; first {subscriber.First}");
            }
        }

        public void Dispose()
        {
            foreach (var (stop, _) in _running.Values)
            {
                stop.Cancel();
                stop.Dispose();
            }
        }
    }
}
