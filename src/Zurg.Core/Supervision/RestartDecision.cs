using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Whether and when an instance that ended, though nobody asked for it, is started again.</summary>
public abstract record RestartDecision
{
    private RestartDecision()
    {
    }

    public sealed record Restart(TimeSpan After) : RestartDecision;

    /// <param name="Until">The window has moved on then.</param>
    public sealed record GiveUp(DateTimeOffset Until) : RestartDecision;

    /// <summary>
    /// The first restart after a good run is immediate, further ones wait longer and longer. At most Attempts restarts follow
    /// within any window, whatever the process does.
    /// </summary>
    /// <param name="crashes">Ends within the window, the one that just happened included, oldest first.</param>
    /// <param name="jitter">
    /// 0 to 1: takes up to a quarter off a wait, so that instances that fell together do not rise together.
    /// </param>
    public static RestartDecision Decide(RestartPolicy policy, ImmutableArray<DateTimeOffset> crashes, double jitter)
    {
        if (crashes.Length > policy.Attempts)
        {
            return new GiveUp(crashes[crashes.Length - 1 - policy.Attempts] + policy.Window);
        }

        return new Restart(crashes.Length <= 1 ? TimeSpan.Zero : Backoff(policy, crashes.Length - 1, jitter));
    }

    /// <summary>The wait before a retry: the policy's delay, doubling up to its longest one, and never less than 10 ms.</summary>
    /// <param name="attempt">1 for the first one.</param>
    public static TimeSpan Backoff(RestartPolicy policy, int attempt, double jitter)
    {
        var doubled = policy.Delay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, DoublingsMax));
        var capped = Math.Min(doubled, policy.MaxDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Max(capped * (1 - (jitter / 4)), DelayMin.TotalMilliseconds));
    }

    /// <summary>The ends that still count, with a new one.</summary>
    public static ImmutableArray<DateTimeOffset> Count(
        RestartPolicy policy, ImmutableArray<DateTimeOffset> crashes, DateTimeOffset now)
    {
        var counted = crashes.Where(at => at > now - policy.Window).Append(now).ToImmutableArray();
        var most = policy.Attempts + 1;
        return counted.Length <= most ? counted : counted[^most..];
    }

    /// <summary>A delay of zero in a spec must not make a hot loop.</summary>
    public static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(10);

    private const int DoublingsMax = 40;
}
