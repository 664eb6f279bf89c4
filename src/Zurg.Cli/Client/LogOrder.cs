using System.Collections.Immutable;

namespace Zurg.Cli.Client;

/// <summary>
/// Puts lines that come from several logs while they are written into the order of their times: each waits for a moment, since
/// another host may have read an earlier one that is still on its way.
/// </summary>
internal sealed class LogOrder(TimeProvider time)
{
    /// <summary>More than an agent lets a quiet log's reader wait, with the way here.</summary>
    public static readonly TimeSpan Straggle = TimeSpan.FromMilliseconds(400);

    /// <summary>More are shown as they are: logs that come faster than this are not read by people.</summary>
    public const int HeldMax = 100_000;

    private readonly PriorityQueue<LogLine, (DateTimeOffset At, long Number)> _held = new();
    private readonly Queue<(long Came, (DateTimeOffset At, long Number) Place)> _came = new();
    private long _number;

    public void Add(LogLine line)
    {
        var place = (line.At ?? DateTimeOffset.MinValue, ++_number);
        _held.Enqueue(line, place);
        _came.Enqueue((time.GetTimestamp(), place));
    }

    /// <summary>How long until something is due; null: nothing is held.</summary>
    public TimeSpan? DueIn =>
        _came.TryPeek(out var oldest)
            ? TimeSpan.FromTicks(Math.Max(0, (Straggle - time.GetElapsedTime(oldest.Came)).Ticks)) : null;

    /// <summary>Those that have waited, and all that belong before them.</summary>
    /// <param name="alone">There is only one log, and nothing to wait for.</param>
    public ImmutableArray<LogLine> Due(bool alone)
    {
        (DateTimeOffset, long)? last = null;
        var all = alone || _held.Count > HeldMax;
        while (_came.TryPeek(out var oldest) && (all || time.GetElapsedTime(oldest.Came) >= Straggle))
        {
            _came.Dequeue();
            last = last is { } l && l.CompareTo(oldest.Place) > 0 ? l : oldest.Place;
        }

        var due = ImmutableArray.CreateBuilder<LogLine>();
        while (last is { } end && _held.TryPeek(out var line, out var place) && place.CompareTo(end) <= 0)
        {
            _held.Dequeue();
            due.Add(line);
        }

        return due.ToImmutable();
    }
}
