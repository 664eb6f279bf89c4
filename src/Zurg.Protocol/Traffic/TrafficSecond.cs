using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>
/// What callers in one cell sent to instances within one second, counted by those that sent it: a gateway, an agent's listener,
/// an SDK. A request belongs to the second in which its first attempt ended. Seconds of several counters add up.
/// </summary>
public sealed record TrafficSecond
{
    /// <summary>Whole seconds since 1970 by the counting host's clock.</summary>
    public required long Second { get; init; }

    /// <summary>Where the callers are; null when that is not known.</summary>
    public CellName? Caller { get; init; }

    /// <summary>Each instance and incarnation once, in this order.</summary>
    public ImmutableArray<InstanceTraffic> Instances { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Each second and calling cell once, ordered by both.</summary>
    public static ImmutableArray<TrafficSecond> Merge(IEnumerable<TrafficSecond> seconds) =>
    [
        .. from second in seconds
           group second by (second.Second, second.Caller) into same
           orderby same.Key.Second, same.Key.Caller?.Value ?? "" // nobody's own comparer: ordinal ids compare ordinally
           select new TrafficSecond
           {
               Second = same.Key.Second,
               Caller = same.Key.Caller,
               Instances = InstanceTraffic.Merge(same.SelectMany(s => s.Instances)),
           },
    ];
}

/// <summary>
/// One instance's part. Everything but <see cref="Retries"/> is about requests whose first attempt went to this instance, also
/// where another one answered in the end: a retry that rescues the user does not take back that this one failed it. Of one
/// request only one attempt, failure or timeout counts here in a second, however often it was sent. A field that is absent is 0.
/// </summary>
public sealed record InstanceTraffic
{
    public required InstanceId Instance { get; init; }

    /// <summary>The one that the caller's set of endpoints named: old and new of one instance never mix.</summary>
    public required Incarnation Incarnation { get; init; }

    /// <summary>What it runs, from the same set; null from a counter that does not know.</summary>
    public ReleaseId? Release { get; init; }

    /// <summary>Requests whose first attempt went here and has ended, answered or not.</summary>
    public required long Requests { get; init; }

    /// <summary>Attempts that came here after one elsewhere, or here before, had failed.</summary>
    public long? Retries { get; init; }

    /// <summary>
    /// First attempts that failed: refused, cut, timed out, or answered by an error of the server's (HTTP 5xx, gRPC's like).
    /// What the caller cancelled is no failure.
    /// </summary>
    public long? FirstFailures { get; init; }

    /// <summary>Requests of which the user got an error in the end, whoever gave it.</summary>
    public long? Failures { get; init; }

    /// <summary>First attempts that the caller gave up for their time; also among the first failures.</summary>
    public long? Timeouts { get; init; }

    /// <summary>
    /// Of first attempts that were answered, until the answer's head. What is slow is said later, by comparison: null where
    /// nobody measures it.
    /// </summary>
    public LatencyHistogram? Latency { get; init; }

    public InstanceTraffic Plus(InstanceTraffic other) => this with
    {
        Release = Release ?? other.Release,
        Requests = Requests + other.Requests,
        Retries = Sum(Retries, other.Retries),
        FirstFailures = Sum(FirstFailures, other.FirstFailures),
        Failures = Sum(Failures, other.Failures),
        Timeouts = Sum(Timeouts, other.Timeouts),
        Latency = Latency is null || other.Latency is null ? Latency ?? other.Latency : Latency.Plus(other.Latency),
    };

    public static ImmutableArray<InstanceTraffic> Merge(IEnumerable<InstanceTraffic> counts) =>
    [
        .. from count in counts
           group count by (count.Instance, count.Incarnation) into same
           orderby same.Key.Instance, same.Key.Incarnation
           select same.Aggregate((sum, next) => sum.Plus(next)),
    ];

    private static long? Sum(long? one, long? other) => one is null && other is null ? null : (one ?? 0) + (other ?? 0);
}
