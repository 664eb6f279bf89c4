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
}
