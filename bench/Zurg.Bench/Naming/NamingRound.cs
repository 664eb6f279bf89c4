using System.Diagnostics;

namespace Zurg.Bench;

/// <summary>Changes one after the other, each only when every watcher has the one before.</summary>
internal static class NamingRound
{
    /// <summary>Between two changes: what a server does after its last write must not count for the next one.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    private const int WarmUpWatchers = 100;
    private const int WarmUpChangesMin = 5;
    private const int ChangesMin = 10;
    private const int FirstPort = 10_000;
    private const int Ports = 50_000;

    private static int _changes;

    /// <summary>A server that has just been started compiles and finds its sizes: no figure of one that runs.</summary>
    public static async Task WarmUpAsync(INamingServer server, CancellationToken stop)
    {
        await using var watchers = await WatcherProcess.StartAsync(server.Watched, WarmUpWatchers, stop);
        await ChangeAsync(server, watchers, WarmUp, WarmUpChangesMin, stop);
    }

    public static async Task<NamingResult> MeasureAsync(
        INamingServer server, int count, TimeSpan duration, CancellationToken stop)
    {
        await using var watchers = await WatcherProcess.StartAsync(server.Watched, count, stop);
        await ChangeAsync(server, watchers, duration / 4, WarmUpChangesMin, stop);
        var (server1, watchers1) = (ProcessCost.Of(server.Pid), ProcessCost.Of(watchers.Pid));
        var latencies = await ChangeAsync(server, watchers, duration, ChangesMin, stop);
        var (server2, watchers2) = (ProcessCost.Of(server.Pid), ProcessCost.Of(watchers.Pid));
        latencies.Sort();
        return new NamingResult(
            latencies.Count,
            Milliseconds(latencies, 0.5),
            Milliseconds(latencies, 0.99),
            (server2.Cpu - server1.Cpu).TotalMicroseconds / latencies.Count / count,
            (watchers2.Cpu - watchers1.Cpu).TotalMicroseconds / latencies.Count / count,
            Math.Max(server1.Resident, server2.Resident) / 1e6);
    }

    /// <summary>Until the time is over, but so many at least.</summary>
    /// <returns>From the request of each to the last watcher that has it, in ticks of <see cref="Stopwatch"/>.</returns>
    private static async Task<List<long>> ChangeAsync(
        INamingServer server, WatcherProcess watchers, TimeSpan duration, int atLeast, CancellationToken stop)
    {
        var latencies = new List<long>();
        var begun = Stopwatch.GetTimestamp();
        while (latencies.Count < atLeast || Stopwatch.GetElapsedTime(begun) < duration)
        {
            await Task.Delay(Pause, stop);
            var port = FirstPort + _changes++ % Ports;
            await watchers.ExpectAsync(port, stop);
            var said = Stopwatch.GetTimestamp();
            await server.ChangeAsync(port, stop);   // the watchers' process has taken its time by then
            latencies.Add(await watchers.LastSeenAsync(stop) - said);
        }

        return latencies;
    }

    private static double Milliseconds(List<long> sorted, double quantile) =>
        sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * quantile)] * 1000.0 / Stopwatch.Frequency;
}

/// <param name="P50">In milliseconds from the request to the last watcher, the durable commit included.</param>
/// <param name="Microseconds">CPU time of the server for each subscriber and change.</param>
/// <param name="WatcherMicroseconds">The same of the process of watchers.</param>
/// <param name="Megabytes">Resident memory of the server, at its most.</param>
internal sealed record NamingResult(
    int Changes, double P50, double P99, double Microseconds, double WatcherMicroseconds, double Megabytes)
{
    /// <summary>Each figure's own median, but all changes.</summary>
    public static NamingResult Median(IReadOnlyCollection<NamingResult> rounds) => new(
        rounds.Sum(r => r.Changes),
        Middle(rounds.Select(r => r.P50)),
        Middle(rounds.Select(r => r.P99)),
        Middle(rounds.Select(r => r.Microseconds)),
        Middle(rounds.Select(r => r.WatcherMicroseconds)),
        rounds.Max(r => r.Megabytes));

    public override string ToString() =>
        FormattableString.Invariant($"p50 {P50,6:0.0} p99 {P99,6:0.0} ms, {Microseconds,5:0.0} us, {Megabytes,4:0} MB")
        + FormattableString.Invariant($" ({Changes} changes, watchers {WatcherMicroseconds:0.0} us)");

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
