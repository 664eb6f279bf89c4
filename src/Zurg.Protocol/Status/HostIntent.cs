namespace Zurg.Protocol;

/// <summary>What people asked of a host: the key host_intents/HOST, written by the API.</summary>
public sealed record HostIntent
{
    public required HostId Host { get; init; }

    /// <summary>Everything on it is to move elsewhere, and nothing new comes.</summary>
    public required bool Drained { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string By { get; init; }

    /// <summary>In the person's words; null when none were given.</summary>
    public string? Why { get; init; }

    /// <summary>That it is lost; null: never said. Void once the host has been heard again.</summary>
    public LostIntent? Lost { get; init; }
}

/// <summary>A person's word that a silent host is gone.</summary>
/// <param name="SilentSince">
/// The silence that it speaks of, by <see cref="HostFacts.SessionSince"/>: of a later one it says nothing.
/// </param>
/// <param name="Why">In the person's words; null when none were given.</param>
public sealed record LostIntent(DateTimeOffset SilentSince, DateTimeOffset At, string By, string? Why = null);
