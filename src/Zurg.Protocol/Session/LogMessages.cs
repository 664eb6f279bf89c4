using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>A piece of an instance's log, please.</summary>
/// <param name="Nonce">Comes back with the answer.</param>
/// <param name="Offset">In bytes from the start of the log; negative: so many of its kept bytes before its end.</param>
/// <param name="BytesMax">At most 256 KiB are sent at once.</param>
/// <param name="Wait">When there is nothing after the offset, wait so long for more; at most 30 s.</param>
public sealed record LogRequest(long Nonce, InstanceId Instance, long Offset, int BytesMax, TimeSpan Wait)
{
    /// <summary>Begin with the first line read at this time or later, if that is after the offset.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <param name="Offset">Where <paramref name="Text"/> begins: later than asked for when what is before is no longer kept.</param>
/// <param name="Next">Where the next piece begins.</param>
/// <param name="Problem">Why there is none, in plain language.</param>
public sealed record LogChunk(long Nonce, long Offset, long Next, string Text, string? Problem = null)
{
    /// <summary>
    /// When what the text holds was read, ordered by offset; the first one may begin before the text. Empty from an older agent.
    /// </summary>
    public ImmutableArray<LogTime> Times { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Where the log ended when it was read; null from an older agent.</summary>
    public long? End { get; init; }

    /// <summary>Whose log it is; said by the master.</summary>
    public HostId? Host { get; init; }
}

/// <summary>Lines that begin at the offset or after it, before that of the next one, were read at this time.</summary>
public sealed record LogTime(long Offset, DateTimeOffset At);
