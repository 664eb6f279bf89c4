using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Zurg.Sdk;

namespace Zurg.Bench;

/// <summary>
/// From the apply of one trivial service to its endpoint in a watcher, through a real master, session, agent and local socket.
/// The peer is supervisord, told of the same program over its socket: until the program accepts a connection.
/// </summary>
internal static class ApplyBenchmark
{
    public static readonly Benchmark Entry =
        new("apply", "from an apply to the endpoint in a watcher, against Debian's supervisor (about 60 s)", RunAsync);

    private const int WarmUp = 10;
    private const int AppliesPerRound = 8;
    private const double GoalMilliseconds = 100;

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var directory = BenchmarkDirectory.Fresh(options.Directory);
        var peerProgram = await SupervisorServer.InstallAsync(stop);
        await using var cluster = await OneHostCluster.StartAsync(Path.Combine(directory, "ours"), stop);
        await using var zurg = new ZurgClient(cluster.SocketPath);
        await using var supervisor = await SupervisorServer.StartAsync(peerProgram, Path.Combine(directory, "peer"), stop);
        var (our, their) = (new List<double>(), new List<double>());
        for (var round = 0; round <= options.Rounds; round++)
        {
            var count = round == 0 ? WarmUp : AppliesPerRound;
            var ours = await RepeatAsync(count, () => ApplyAsync(cluster, zurg, stop));
            var peers = await RepeatAsync(count, () => AddAsync(supervisor, stop));
            if (round > 0)
            {
                our.AddRange(ours);
                their.AddRange(peers);
                Console.WriteLine(
                    $"round {round} of {options.Rounds}:  ours {Median(ours):0.0} ms    supervisord {Median(peers):0.0} ms");
            }
        }

        var (p50, peer) = (Median(our), Median(their));
        return new BenchmarkLine(
            Entry.Name,
            [
                ("p50_ms", Show(p50)), ("p99_ms", Show(Percentile(our, 0.99))), ("applies", Show(our.Count)),
                ("supervisord_p50_ms", Show(peer)), ("supervisord_p99_ms", Show(Percentile(their, 0.99))),
            ],
            "supervisord", peer / p50, $"p50_ms<{GoalMilliseconds:0}", p50 < GoalMilliseconds);
    }

    /// <summary>One more service than before; those that run already are in the spec too, and nothing of them changes.</summary>
    private static async Task<double> ApplyAsync(OneHostCluster cluster, ZurgClient zurg, CancellationToken stop)
    {
        var service = cluster.NextService();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswerTime);
        await zurg.ResolveAsync(service, limit.Token);
        var seen = WaitForEndpointAsync(zurg, service, limit.Token);
        var began = Stopwatch.GetTimestamp();
        await cluster.ApplyAsync(limit.Token);
        await seen;
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static async Task WaitForEndpointAsync(ZurgClient zurg, string service, CancellationToken stop)
    {
        await foreach (var set in zurg.WatchAsync(service, stop))
        {
            if (!set.Endpoints.IsEmpty)
            {
                return;
            }
        }
    }

    private static async Task<double> AddAsync(SupervisorServer supervisor, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswerTime);
        var began = Stopwatch.GetTimestamp();
        var port = await supervisor.AddAsync(limit.Token);
        while (!await AcceptsAsync(port, limit.Token))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), limit.Token);
        }

        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static async Task<bool> AcceptsAsync(int port, CancellationToken stop)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, stop);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<List<double>> RepeatAsync(int count, Func<Task<double>> measure)
    {
        var times = new List<double>();
        for (var i = 0; i < count; i++)
        {
            times.Add(await measure());
        }

        return times;
    }

    private static double Median(List<double> times) => Percentile(times, 0.5);

    private static double Percentile(List<double> times, double rank) =>
        times.Order().ElementAt((int)Math.Min(times.Count - 1, Math.Ceiling(times.Count * rank) - 1));

    private static string Show(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
