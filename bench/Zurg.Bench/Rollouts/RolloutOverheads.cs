using System.Collections.Immutable;

namespace Zurg.Bench;

/// <summary>
/// How long each stopped instance was kept for nothing: from the decider's event "withdrawn" to the moment in which its process
/// got SIGTERM, less the time after it was told in which it had a request under way. The process itself writes down both.
/// </summary>
internal sealed class RolloutOverheads
{
    private readonly ImmutableArray<(RolloutStop Stop, TimeSpan Overhead)> _stops;

    private RolloutOverheads(ImmutableArray<(RolloutStop, TimeSpan)> stops) => _stops = stops;

    public int Count => _stops.Length;

    public TimeSpan Median => At(Count / 2);

    public TimeSpan Worst => At(Count - 1);

    public static async Task<RolloutOverheads> ReadAsync(RolloutCluster cluster, CancellationToken stop)
    {
        var drains = (await cluster.DrainsAsync(stop)).ToLookup(e => e.Instance!.Value.ToString());
        var stops = File.Exists(cluster.StopsFile) ? await File.ReadAllLinesAsync(cluster.StopsFile, stop) : [];
        return new RolloutOverheads(
        [
            .. stops.Select(RolloutStop.Parse)
                .Select(s => (Stop: s, Drain: drains[s.Instance].LastOrDefault(e => e.At <= s.At)))
                .Where(s => s.Drain is not null)
                .Select(s => (s.Stop, s.Stop.At - s.Drain!.At - s.Stop.Busy)),
        ]);
    }

    /// <summary>Those that an earlier reading does not have.</summary>
    public RolloutOverheads After(RolloutOverheads earlier) => new([.. _stops.Skip(earlier.Count)]);

    public RolloutOverheads Within(DateTimeOffset from, DateTimeOffset to) =>
        new([.. _stops.Where(s => s.Stop.At >= from && s.Stop.At <= to)]);

    /// <summary>Those whose wait has no part in this time.</summary>
    public RolloutOverheads Outside(DateTimeOffset from, DateTimeOffset to) =>
        new([.. _stops.Where(s => s.Stop.At < from || s.Stop.At - s.Overhead - s.Stop.Busy > to)]);

    private TimeSpan At(int index) =>
        index < 0 || _stops.IsEmpty ? TimeSpan.Zero : _stops.Select(s => s.Overhead).Order().ElementAt(index);
}
