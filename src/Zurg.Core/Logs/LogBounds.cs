using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What one instance's log may hold on its host.</summary>
/// <param name="Bytes">Of its segments and of what the process wrote since.</param>
public sealed record LogBound(long Bytes, TimeSpan Age)
{
    /// <summary>A segment is an eighth, so that dropping one leaves at least three quarters of what may be kept.</summary>
    public long SegmentBytes => Math.Clamp(Bytes / 8, LogBounds.SegmentBytesMin, LogBounds.SegmentBytesMax);

    /// <summary>Lines of one segment are at most so far apart: a segment is removed as a whole.</summary>
    public TimeSpan SegmentAge => Age / 8;
}

/// <summary>Shares out what a service may keep on a host among the logs of it that are there.</summary>
public static class LogBounds
{
    public const long SegmentBytesMin = 64 * 1024;

    public const long SegmentBytesMax = 16L << 20;

    /// <summary>Less than this is no log: a service with very many instances on one host gets more than it asked for.</summary>
    public const long ShareMin = 8 * SegmentBytesMin;

    /// <summary>For services that say nothing, and for logs of services that are no longer here.</summary>
    public static LogPolicy Usual { get; } = new(100L << 20, TimeSpan.FromDays(7));

    /// <param name="assignment">Null before the host had any.</param>
    /// <param name="logs">Every log on the host, those of instances that left it too.</param>
    /// <param name="disk">Bytes of the whole disk: no service gets more than a quarter of it.</param>
    public static ImmutableSortedDictionary<InstanceId, LogBound> Of(
        Assignment? assignment, IEnumerable<InstanceId> logs, long disk)
    {
        var policies = (assignment?.Instances ?? []).ToLookup(i => i.Instance.Service, i => i.Logs);
        return logs.GroupBy(l => l.Service).SelectMany(service =>
        {
            var policy = policies[service.Key].FirstOrDefault(p => p is not null) ?? Usual;
            var bound = new LogBound(Math.Max(Math.Min(policy.MaxSize, disk / 4) / service.Count(), ShareMin), policy.MaxAge);
            return service.Select(l => KeyValuePair.Create(l, bound));
        }).ToImmutableSortedDictionary();
    }
}
