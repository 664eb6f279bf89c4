using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>
/// From SIGKILL of a supervised program to the first instruction of its successor, in turn with Debian's runit: alone, with a
/// user and limits, and with 100 supervised programs. Ours is a real agent with its journal on disk under a real master.
/// </summary>
internal static class RestartBenchmark
{
    public static readonly Benchmark Entry =
        new("restart", "from a SIGKILL to its successor's first instruction, against Debian's runit (about 2 min)", RunAsync);

    private const double GoalMilliseconds = 2;
    private const double LimitedGoalMilliseconds = 3;
    private const int Many = 100;
    private const int KillsPerRound = 6;

    /// <summary>Both start a program at once only when it ran for a second (runit's rule; our window is set to it).</summary>
    private static readonly TimeSpan GoodRun = TimeSpan.FromMilliseconds(1250);

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var directory = BenchmarkDirectory.Fresh(options.Directory);
        var alone = await MeasureAsync("alone", options, Path.Combine(directory, "alone"), 1, limited: false, stop);
        var limited = await MeasureAsync("user and limits", options, Path.Combine(directory, "limited"), 1, limited: true, stop);
        var crowd = Path.Combine(directory, "many");
        var many = await MeasureAsync($"with {Many} programs", options, crowd, Many, limited: false, stop);
        var met = alone.Ours.P50 <= GoalMilliseconds && alone.Ratio > 1
            && limited.Ours.P50 <= LimitedGoalMilliseconds && limited.Ratio > 1
            && many.Ours.P50 <= GoalMilliseconds && many.Ratio > 1;
        return new BenchmarkLine(
            Entry.Name,
            [.. Figures("", alone), .. Figures("limited_", limited), .. Figures("many_", many)],
            "runit",
            Math.Min(alone.Ratio, Math.Min(limited.Ratio, many.Ratio)),
            $"p50_ms<={GoalMilliseconds:0},limited_p50_ms<={LimitedGoalMilliseconds:0},ratio>1",
            met);
    }

    private static ImmutableArray<(string Key, string Value)> Figures(string prefix, RestartTimes times) =>
    [
        (prefix + "p50_ms", Show(times.Ours.P50)), (prefix + "p99_ms", Show(times.Ours.P99)),
        (prefix + "runit_p50_ms", Show(times.Theirs.P50)), (prefix + "runit_p99_ms", Show(times.Theirs.P99)),
    ];

    private static async Task<RestartTimes> MeasureAsync(
        string what, BenchmarkOptions options, string directory, int count, bool limited, CancellationToken stop)
    {
        Directory.CreateDirectory(directory);
        await using var ours = TrivialProgram.Make(directory, "ours");
        await using var theirs = TrivialProgram.Make(directory, "theirs");
        await using var runit = await RunitServices.InstallAsync(stop);
        runit.Start(Path.Combine(directory, "runit"), theirs.Bytes, count, limited);
        await using var cluster = await OneHostCluster.StartAsync(Path.Combine(directory, "zurg"), ours.Bytes, stop);
        var extra = limited ? ", user: nobody, limits: { open_files: 1024, processes: 4096 }" : "";
        await cluster.ApplyAsync(
            $"  s: {{ release: bench@1, run: serve, instances: {count}, restart: {{ window: 1s, attempts: 1000 }}{extra} }}\n",
            stop);
        var our = new Victims(ours, await StartsAsync(ours, count, stop));
        var their = new Victims(theirs, await StartsAsync(theirs, count, stop));
        await Task.Delay(GoodRun, stop);
        for (var round = 0; round <= options.Rounds; round++)
        {
            for (var kill = 0; kill < KillsPerRound * Math.Min(count, 5); kill++)
            {
                await our.KillAsync(round > 0, stop);
                await their.KillAsync(round > 0, stop);
                await Task.Delay(count == 1 ? GoodRun : TimeSpan.FromMilliseconds(50), stop);
            }

            var (we, they) = (Percentile(our.Times, 0.5), Percentile(their.Times, 0.5));
            Console.WriteLine($"{what}, round {round} of {options.Rounds}:  ours {Show(we)} ms    runit {Show(they)} ms");
        }

        return new RestartTimes(Summarize(our.Times), Summarize(their.Times));
    }

    private static async Task<Queue<Started>> StartsAsync(TrivialProgram program, int count, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswerTime);
        var started = new Queue<Started>();
        while (started.Count < count)
        {
            started.Enqueue(await program.NextAsync(limit.Token));
        }

        return started;
    }

    private static LoadResult Summarize(List<double> times) => new(times.Count, Percentile(times, 0.5), Percentile(times, 0.99));

    private static double Percentile(List<double> times, double rank) => times.Count == 0 ? 0
        : times.Order().ElementAt((int)Math.Min(times.Count - 1, Math.Ceiling(times.Count * rank) - 1));

    private static string Show(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private sealed record RestartTimes(LoadResult Ours, LoadResult Theirs)
    {
        public double Ratio => Theirs.P50 / Ours.P50;
    }

    /// <summary>What runs, the one that ran longest first.</summary>
    private sealed class Victims(TrivialProgram program, Queue<Started> running)
    {
        public List<double> Times { get; } = [];

        public async Task KillAsync(bool counts, CancellationToken stop)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(AnswerTime);
            program.Skip();
            using var victim = Process.GetProcessById(running.Dequeue().Pid);
            var killed = Stopwatch.GetTimestamp();
            victim.Kill();
            var next = await program.NextAsync(limit.Token);
            running.Enqueue(next);
            if (counts)
            {
                Times.Add((next.At - killed) * 1000.0 / Stopwatch.Frequency);
            }
        }
    }
}
