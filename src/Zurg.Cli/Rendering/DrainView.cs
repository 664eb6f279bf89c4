using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>A host on its way to being empty.</summary>
internal static class DrainView
{
    /// <summary>What is placed there, or still runs there.</summary>
    public static ImmutableArray<PlacedInstance> Left(ClusterStatus status, HostId host) =>
        [.. status.Services.SelectMany(s => s.Instances).Where(i => i.Host == host)];

    public static ImmutableArray<Block> Of(ClusterStatus status, HostId host, DateTimeOffset now)
    {
        var left = Left(status, host);
        return left.IsEmpty
            ? [Block.Line.Of(new Span(host.Value, Tone.Strong), "  ", new Span("empty", Tone.Good))]
            :
            [
                Block.Line.Of(
                    new Span(host.Value, Tone.Strong), $"  {Measures.Count(left.Length, "instance")} left",
                    status.Hosts.FirstOrDefault(h => h.Host == host)?.Drained is { Why: { } why } ? $"  ({why})" : ""),
                StatusView.Instances(left, now),
                .. HoldView.Of(HoldsOn(status, host, left)),
            ];
    }

    /// <summary>Without what changes by itself: what a pipe gets when it has changed.</summary>
    public static ImmutableArray<string> Changes(ClusterStatus status, HostId host)
    {
        var left = Left(status, host);
        return
        [
            .. left.IsEmpty ? [] : new[] { $"{host}: {left.Length} left: {string.Join(", ", left.Select(i => i.Instance))}" },
            .. HoldsOn(status, host, left).Select(HoldView.Text),
        ];
    }

    /// <summary>About the host, what is on it, and the services whose instances are to move.</summary>
    private static ImmutableArray<Hold> HoldsOn(ClusterStatus status, HostId host, ImmutableArray<PlacedInstance> left) =>
    [
        .. status.Holds.Where(h => h.Host == host
            || left.Any(i => h.Instance == i.Instance || (h.Instance is null && h.Service == i.Instance.Service))),
    ];
}
