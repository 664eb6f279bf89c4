using System.Globalization;

namespace Zurg.Bench;

/// <summary>
/// One endpoint change to the last of 1 to 10,000 subscribers, a connection each: a durable fact in a master's store and its
/// streams, against a durable put and watches of etcd. The readers are one process of ours for both, so they cost both the same.
/// </summary>
internal static class NamingBenchmark
{
    public static readonly Benchmark Entry = new(
        "naming", "one endpoint change to the last of 1 to 10,000 subscribers, against etcd's watches (about 5 min)", RunAsync)
    {
        RoundTime = TimeSpan.FromSeconds(4),
    };

    /// <summary>How many of them the ratio is taken at.</summary>
    private const int Compared = 1_000;
    private const int Most = 10_000;
    private const double RatioGoal = 2;
    private const double MostGoalMilliseconds = 150;
    private const double MostGoalMegabytes = 300;

    private static readonly int[] Counts = [1, 100, Compared, Most];

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var etcd = await DebianPackage.EnsureAsync("etcd-server", "usr/bin/etcd", stop);
        var directory = BenchmarkDirectory.Fresh(options.Directory);
        Console.WriteLine($"load average {File.ReadAllText("/proc/loadavg").Trim()}, data in {directory}");
        await using var ours = await ZurgNaming.StartAsync(Path.Combine(directory, "zurg"), stop);
        await using var peer = await EtcdNaming.StartAsync(etcd, Path.Combine(directory, "etcd"), stop);
        await NamingRound.WarmUpAsync(ours, stop);
        await NamingRound.WarmUpAsync(peer, stop);
        var comparisons = new List<Comparison>();
        foreach (var count in Counts)
        {
            comparisons.Add(await CompareAsync(count, ours, peer, options, stop));
        }

        Console.WriteLine($"load average {File.ReadAllText("/proc/loadavg").Trim()}");
        return ToLine(comparisons);
    }

    private static async Task<Comparison> CompareAsync(
        int count, INamingServer ours, INamingServer peer, BenchmarkOptions options, CancellationToken stop)
    {
        var (our, their) = (new List<NamingResult>(), new List<NamingResult>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            our.Add(await NamingRound.MeasureAsync(ours, count, options.RoundTime, stop));
            their.Add(await NamingRound.MeasureAsync(peer, count, options.RoundTime, stop));
            Console.WriteLine(
                $"{count,6} subscribers, round {round} of {options.Rounds}:  ours {our[^1]}    etcd {their[^1]}");
        }

        return new Comparison(count, NamingResult.Median(our), NamingResult.Median(their));
    }

    private static BenchmarkLine ToLine(List<Comparison> comparisons)
    {
        var (compared, most) = (comparisons.Single(c => c.Count == Compared), comparisons.Single(c => c.Count == Most));
        var ratio = compared.Etcd.P99 / compared.Ours.P99;
        var figures = comparisons.SelectMany(c => new[]
        {
            ($"n{c.Count}_p50_ms", Show(c.Ours.P50)), ($"n{c.Count}_p99_ms", Show(c.Ours.P99)),
            ($"n{c.Count}_us", Show(c.Ours.Microseconds)), ($"n{c.Count}_mb", Show(c.Ours.Megabytes)),
            ($"etcd_n{c.Count}_p50_ms", Show(c.Etcd.P50)), ($"etcd_n{c.Count}_p99_ms", Show(c.Etcd.P99)),
            ($"etcd_n{c.Count}_us", Show(c.Etcd.Microseconds)), ($"etcd_n{c.Count}_mb", Show(c.Etcd.Megabytes)),
        });
        return new BenchmarkLine(
            Entry.Name,
            [.. figures, ("p50_ms", Show(compared.Ours.P50)), ("p99_ms", Show(compared.Ours.P99))],
            "etcd",
            ratio,
            $"{RatioGoal:0},n{Most}_p99_ms<={MostGoalMilliseconds:0},n{Most}_mb<={MostGoalMegabytes:0}",
            ratio >= RatioGoal && most.Ours.P99 <= MostGoalMilliseconds && most.Ours.Megabytes <= MostGoalMegabytes);
    }

    private static string Show(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private sealed record Comparison(int Count, NamingResult Ours, NamingResult Etcd);
}
