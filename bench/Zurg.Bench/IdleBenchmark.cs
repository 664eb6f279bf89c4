using System.Diagnostics;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>
/// What an agent costs while nothing happens: with 20 and with 200 quiet processes, each asked by TCP every second. Ours is
/// <c>zurg agent</c> in a process of its own, with its journal on disk and its session to a master; the peer is Debian's monit,
/// which asks as many programs just as often.
/// </summary>
internal static class IdleBenchmark
{
    public static readonly Benchmark Entry = new(
        "idle", "what an agent with 20 and 200 quiet, probed processes costs, against Debian's monit (16 min)", RunAsync)
    {
        RoundTime = TimeSpan.FromMinutes(2),
    };

    private const int Few = 20;
    private const int Many = 200;
    private const double CpuGoal = 2;
    private const double MemoryGoal = 100;

    /// <summary>In per cent of the memory at the start of the watch: what two looks at a quiet heap differ by anyway.</summary>
    private const double GrowthGoal = 2;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(3);

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var directory = BenchmarkDirectory.Fresh(options.Directory);
        var few = await MeasureAsync(Few, rounds: 1, options, Path.Combine(directory, "few"), stop);
        var many = await MeasureAsync(Many, options.Rounds, options, Path.Combine(directory, "many"), stop);
        return new BenchmarkLine(
            Entry.Name,
            [
                ("cpu20_pct", Show(few.Cpu)), ("cpu200_pct", Show(many.Cpu)),
                ("rss20_mb", Show(few.Memory)), ("rss200_mb", Show(many.Memory)), ("growth_pct", Show(many.Growth)),
                ("monit_cpu20_pct", Show(few.PeerCpu)), ("monit_cpu200_pct", Show(many.PeerCpu)),
                ("monit_rss200_mb", Show(many.PeerMemory)),
            ],
            "monit",
            many.PeerCpu / many.Cpu,
            $"cpu200_pct<{CpuGoal:0},rss200_mb<{MemoryGoal:0},growth_pct<{GrowthGoal:0}",
            many.Cpu < CpuGoal && many.Memory < MemoryGoal && many.Growth < GrowthGoal);
    }

    private static async Task<IdleCost> MeasureAsync(
        int count, int rounds, BenchmarkOptions options, string directory, CancellationToken stop)
    {
        await using var cluster = await OneHostCluster.StartApartAsync(
            Path.Combine(directory, "zurg"), System.Text.Encoding.UTF8.GetBytes(OneHostCluster.Program), stop);
        await cluster.ApplyAsync(
            $"  s: {{ release: bench@1, run: serve, instances: {count}, ports: {{ http: dynamic }}, "
            + "probe: { tcp: http, every: 1s } }\n",
            stop);
        await UntilReadyAsync(cluster, count, stop);
        await using var monit = await MonitServer.StartAsync(Path.Combine(directory, "monit"), count, stop);
        await Task.Delay(WarmUp, stop);
        int[] pids = [cluster.AgentPid, monit.Pid];
        var first = pids.Select(ProcessCost.Of).ToArray();
        var begun = Stopwatch.GetTimestamp();
        var looks = new List<ProcessCost[]>();
        for (var round = 1; round <= rounds; round++)
        {
            await Task.Delay(options.RoundTime, stop);
            looks.Add([.. pids.Select(ProcessCost.Of)]);
            var (we, they) = (looks[^1][0], looks[^1][1]);
            Console.WriteLine(
                $"{count} processes, round {round} of {rounds}:  ours {Show(PerCent(first[0], we, begun))} % of a core, "
                + $"{Show(Megabytes(we))} MB    monit {Show(PerCent(first[1], they, begun))} %, {Show(Megabytes(they))} MB");
        }

        return new IdleCost(
            PerCent(first[0], looks[^1][0], begun),
            looks.Max(l => Megabytes(l[0])),
            100.0 * (looks[^1][0].Resident - first[0].Resident) / first[0].Resident,
            PerCent(first[1], looks[^1][1], begun),
            looks.Max(l => Megabytes(l[1])));
    }

    private static async Task UntilReadyAsync(OneHostCluster cluster, int count, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(StartTime);
        while (await cluster.ReadyAsync(limit.Token) < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }
    }

    private static double PerCent(ProcessCost from, ProcessCost to, long begun) =>
        100 * (to.Cpu - from.Cpu) / Stopwatch.GetElapsedTime(begun);

    private static double Megabytes(ProcessCost cost) => cost.Resident / 1e6;

    private static string Show(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    /// <param name="Cpu">In per cent of one core, over the whole watch.</param>
    /// <param name="Memory">The most that was seen, in MB resident.</param>
    /// <param name="Growth">In per cent, from the end of the warm-up to the end of the watch.</param>
    private sealed record IdleCost(double Cpu, double Memory, double Growth, double PeerCpu, double PeerMemory);
}
