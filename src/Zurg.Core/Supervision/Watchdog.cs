namespace Zurg.Core;

/// <summary>
/// When a process counts as half dead. Times are of a clock that only runs forward, and a silence counts only while the agent was
/// awake to hear: after its own sleep the process gets half its time anew.
/// </summary>
public sealed record Watchdog
{
    /// <summary>One that wakes up so much after it meant to was asleep itself, with the agent or the whole machine.</summary>
    public static readonly TimeSpan LateMax = TimeSpan.FromSeconds(1);

    private Watchdog()
    {
    }

    /// <summary>Null: it is off.</summary>
    public TimeSpan? Timeout { get; private init; }

    /// <summary>Half dead when nothing was heard before this; null while it is off.</summary>
    public TimeSpan? Due { get; private init; }

    /// <summary>It asked for its own end.</summary>
    public bool GaveUp { get; private init; }

    public static Watchdog Begin(TimeSpan timeout, TimeSpan now) => new() { Timeout = timeout, Due = now + timeout };

    public Watchdog Hear(NotifyWords words, TimeSpan now)
    {
        TimeSpan? time = words.Timeout > TimeSpan.Zero ? words.Timeout : null;
        var next = words.Timeout is null ? this : this with { Timeout = time, Due = now + time };
        next = words.Alive ? next with { Due = now + next.Timeout } : next;
        next = words.Extend is { } extend && next.Due < now + extend ? next with { Due = now + extend } : next;

        // Who says that it is stopping has its own end in hand.
        return words.Stopping ? next with { Timeout = null, Due = null } : next with { GaveUp = next.GaveUp || words.GivesUp };
    }

    /// <summary>Why it is half dead, to stand behind "half dead: "; null when it is not.</summary>
    public string? Verdict(TimeSpan now) =>
        GaveUp ? "it says so itself (WATCHDOG=trigger)"
        : Due <= now ? $"it has not said WATCHDOG=1 for {Phrases.Of(now - (Due.Value - (Timeout ?? TimeSpan.Zero)))}"
        : null;

    /// <summary>Whoever waits for <see cref="Due"/> woke up.</summary>
    /// <param name="meant">When it meant to.</param>
    public Watchdog Wake(TimeSpan meant, TimeSpan now) =>
        now - meant > LateMax && Due is { } due && due <= now ? this with { Due = now + (Timeout / 2) } : this;
}
