using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Clocks jump and machines sleep. The loop steps at least each second, so a step long after the last one, or before it, means
/// that the time between says nothing: every timer keeps what it had left. A grace is not cut short and a backoff not frozen.
/// </summary>
internal static class ClockGuard
{
    public static AgentState Adjust(AgentState state, DateTimeOffset now)
    {
        var gap = state.Seen is { } seen ? now - seen : TimeSpan.Zero;
        var seenNow = state with { Seen = now };
        return gap >= TimeSpan.Zero && gap <= GapMax
            ? seenNow
            : seenNow with { Instances = state.Instances.ToImmutableSortedDictionary(i => i.Key, i => Shift(i.Value, gap)) };
    }

    /// <summary>
    /// Of a record that an earlier run wrote, perhaps by another clock: no wait is longer than its policy would make it.
    /// </summary>
    public static InstanceState Clamp(InstanceState s, DateTimeOffset now)
    {
        var policy = s.Assigned.Restart;
        var longest = s.Hold?.Reason == HoldReason.TooManyRestarts ? policy.Window : policy.MaxDelay;
        return s with
        {
            NotBefore = s.NotBefore > now + longest ? now + longest : s.NotBefore,
            RecentCrashes = [.. s.RecentCrashes.Select(at => at > now ? now : at)],
        };
    }

    private static InstanceState Shift(InstanceState s, TimeSpan gap) => HasTimers(s) ? s with
    {
        Deadline = s.Deadline + gap,
        NotBefore = s.NotBefore + gap,
        TemplateRestartAt = s.TemplateRestartAt + gap,
        RecentCrashes = [.. s.RecentCrashes.Select(at => at + gap)],
        Reloads = InstanceReload.Shift(s.Reloads, gap),
        Next = s.Next is { NotBefore: not null } next ? next with { NotBefore = next.NotBefore + gap } : s.Next,
    } : s;

    private static bool HasTimers(InstanceState s) =>
        s.Deadline is not null || s.NotBefore is not null || s.TemplateRestartAt is not null || s.RecentCrashes.Length > 0
        || s.Next?.NotBefore is not null || !s.Reloads.IsEmpty;

    /// <summary>Ten missed steps: longer than a slow disk or a full garbage collection takes.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromSeconds(10);
}
