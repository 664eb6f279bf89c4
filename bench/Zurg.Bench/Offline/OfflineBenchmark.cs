using System.Diagnostics;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>
/// From the reason why an endpoint goes to the last attempt that a consumer makes on it: a planned stop, SIGKILL of an instance,
/// SIGKILL of its host's agent with all that runs there. For applications with the SDK on the same host and on another one, and
/// for readers of the local stream.
/// </summary>
internal static class OfflineBenchmark
{
    public static readonly Benchmark Entry = new(
        "offline", "from a stop, a SIGKILL or a host's end to the last attempt on the dead endpoint (about 6 min)", RunAsync)
    {
        Rounds = 20,
    };

    /// <summary>The worst case that is told of Nacos, the shorter of two such figures; not measured here.</summary>
    private static readonly TimeSpan Peer = TimeSpan.FromSeconds(50);

    /// <summary>No attempt for so long: there will be none.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan GivenUp = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var directory = BenchmarkDirectory.Fresh(options.Directory);
        await using var cluster = await OfflineCluster.StartAsync(directory, stop);
        await using var same = new SdkConsumer(cluster.Hosts[0].SocketPath, OfflineCluster.Service);
        await using var other = new SdkConsumer(cluster.Hosts[1].SocketPath, OfflineCluster.Service);
        await using var sameReader = new StreamReaderConsumer(cluster.Hosts[0].SocketPath, OfflineCluster.Service);
        await using var otherReader = new StreamReaderConsumer(cluster.Hosts[1].SocketPath, OfflineCluster.Service);
        IOfflineConsumer[] all = [same, other, sameReader, otherReader];
        string[] names = ["sdk_same", "sdk_other", "stream_same", "stream_other"];
        var figures = new List<(string Key, string Value)>();
        var worst = 0.0;
        foreach (var reason in Enum.GetValues<OfflineReason>())
        {
            // With their host, programs on it end too: whoever outlives it is on another one.
            int[] who = reason == OfflineReason.Host ? [1, 3] : [0, 1, 2, 3];
            var times = who.Select(_ => new List<double>()).ToArray();
            for (var round = 0; round <= options.Rounds; round++)
            {
                var found = await RoundAsync(cluster, reason, [.. who.Select(w => all[w])], stop);
                for (var i = 0; i < who.Length && round > 0; i++)
                {
                    times[i].Add(found[i]);
                }

                Console.WriteLine(
                    $"{Word(reason)}, round {round} of {options.Rounds}:  "
                    + string.Join("    ", who.Select((w, i) => $"{names[w]} {Show(found[i])} ms")));
            }

            for (var i = 0; i < who.Length; i++)
            {
                var sorted = times[i].Order().ToArray();
                figures.Add(($"{Word(reason)}_{names[who[i]]}_p50_ms", Show(sorted[(sorted.Length - 1) / 2])));
                figures.Add(($"{Word(reason)}_{names[who[i]]}_worst_ms", Show(sorted[^1])));
                worst = Math.Max(worst, sorted[^1]);
            }
        }

        return new BenchmarkLine(
            Entry.Name, [.. figures], "nacos_told_50s", Peer.TotalMilliseconds / worst, goal: 1);
    }

    /// <returns>Milliseconds for each consumer; 0: it never asked after the reason.</returns>
    private static async Task<double[]> RoundAsync(
        OfflineCluster cluster, OfflineReason reason, IOfflineConsumer[] consumers, CancellationToken stop)
    {
        var victims = await cluster.VictimsAsync(reason, stop);
        await UntilAskedAsync(consumers, victims, stop);
        var at = await cluster.EndAsync(reason, stop);
        var begun = Stopwatch.GetTimestamp();
        while (consumers.Max(c => Last(c, victims)) is var last && Stopwatch.GetElapsedTime(last) < Quiet
            || Stopwatch.GetElapsedTime(begun) < Quiet + Quiet)
        {
            if (Stopwatch.GetElapsedTime(begun) > GivenUp)
            {
                throw new PeerException($"after {Word(reason)} an endpoint is still asked after {GivenUp.TotalSeconds:0} s");
            }

            await Task.Delay(Look, stop);
        }

        var found = consumers.Select(
            c => Math.Max(0, (Last(c, victims) - at) * 1000.0 / Stopwatch.Frequency)).ToArray();
        await cluster.MendAsync(reason, stop);
        return found;
    }

    /// <summary>A consumer that does not use the endpoint cannot be late.</summary>
    private static async Task UntilAskedAsync(IOfflineConsumer[] consumers, string[] victims, CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!consumers.All(c => victims.All(v => c.LastAttempt(v) > begun)))
        {
            if (Stopwatch.GetElapsedTime(begun) > GivenUp)
            {
                throw new PeerException($"{string.Join(", ", victims)} is not asked by everybody");
            }

            await Task.Delay(Look, stop);
        }
    }

    private static long Last(IOfflineConsumer consumer, string[] victims) => victims.Max(consumer.LastAttempt);

    private static string Word(OfflineReason reason) => reason.ToString().ToLowerInvariant();

    private static string Show(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
