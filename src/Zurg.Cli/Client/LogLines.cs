using System.Collections.Immutable;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <param name="At">When its agent read it, never before the line that precedes it; null from an older agent.</param>
internal sealed record LogLine(InstanceId Instance, string Text, DateTimeOffset? At);

/// <summary>Puts the lines of one log together from its pieces.</summary>
internal sealed class LogLines(InstanceId instance)
{
    private string _rest = "";
    private DateTimeOffset? _last;

    /// <summary>Where the next piece begins.</summary>
    public long Next { get; private set; }

    /// <summary>Where the first piece began; null before it came.</summary>
    public long? From { get; private set; }

    /// <summary>A line whose end has not come.</summary>
    public LogLine? Unfinished => _rest.Length > 0 ? new LogLine(instance, _rest, _last) : null;

    /// <summary>The time of the newest line; null when there was none, or none with a time.</summary>
    public DateTimeOffset? Last => _last;

    /// <summary>What comes next is of another file; a line whose end has not come stays without it.</summary>
    public void GoOn() => (_rest, Next) = ("", 0);

    public ImmutableArray<LogLine> Take(LogChunk chunk)
    {
        From ??= chunk.Offset;
        Next = chunk.Next;
        var parts = chunk.Text.Split('\n');
        var lines = ImmutableArray.CreateBuilder<LogLine>(parts.Length - 1);
        var (offset, time) = (chunk.Offset, 0);
        for (var i = 0; i < parts.Length; i++)
        {
            // Bytes that are no text count as what stands for them: times may then be off by a few blocks within this piece.
            while (time + 1 < chunk.Times.Length && chunk.Times[time + 1].Offset <= offset)
            {
                time++;
            }

            if (time < chunk.Times.Length && !(chunk.Times[time].At < _last) && parts[i].Length > 0)
            {
                _last = chunk.Times[time].At;
            }

            if (i + 1 < parts.Length)
            {
                lines.Add(new LogLine(instance, _rest + parts[i], _last));
                _rest = "";
                offset += Encoding.UTF8.GetByteCount(parts[i]) + 1;
            }
        }

        _rest += parts[^1];
        return lines.ToImmutable();
    }
}
