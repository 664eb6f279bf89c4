using System.Diagnostics;

namespace Zurg.Bench;

/// <summary>Closed-loop load: each of N writers does the next thing when its last one is done.</summary>
internal static class Load
{
    /// <param name="operation">Gets the writer's number and its own count.</param>
    public static async Task<LoadResult> RunAsync(
        int writers, TimeSpan duration, Func<int, long, CancellationToken, Task> operation, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        var until = began + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var latencies = await Task.WhenAll(
            Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAsync(writer), stop)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var all = latencies.SelectMany(l => l).Order().ToArray();
        return new LoadResult(all.Length / seconds, Milliseconds(all, 0.5), Milliseconds(all, 0.99));

        async Task<List<long>> WriteAsync(int writer)
        {
            var mine = new List<long>();
            var last = Stopwatch.GetTimestamp();
            while (last < until)
            {
                await operation(writer, mine.Count, stop);
                var now = Stopwatch.GetTimestamp();
                mine.Add(now - last);
                last = now;
            }

            return mine;
        }
    }

    private static double Milliseconds(long[] sorted, double quantile) =>
        sorted.Length == 0
            ? 0
            : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * quantile)] * 1000.0 / Stopwatch.Frequency;
}

/// <summary>Latencies in milliseconds, as the writer sees them.</summary>
internal sealed record LoadResult(double PerSecond, double P50, double P99)
{
    /// <summary>Each figure's own median: the rounds that another program disturbed fall out.</summary>
    public static LoadResult Median(IReadOnlyCollection<LoadResult> rounds) =>
        new(Middle(rounds.Select(r => r.PerSecond)), Middle(rounds.Select(r => r.P50)), Middle(rounds.Select(r => r.P99)));

    public override string ToString() => $"{PerSecond,8:0}/s  p50 {P50,7:0.00} ms  p99 {P99,7:0.00} ms";

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
