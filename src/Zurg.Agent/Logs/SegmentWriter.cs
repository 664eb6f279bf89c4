using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>
/// The one writer of a log's segments. Every segment but the newest is on the disk for good; where the newest ends, what was
/// moved ends.
/// </summary>
internal sealed class SegmentWriter(SegmentFolder folder, ILogDisk disk)
{
    private readonly List<LogSegment> _segments = [];
    private bool _inLine;

    /// <summary>The start of the segment whose name is on the disk for good, of those whose lines were flushed here.</summary>
    private long? _named;

    /// <summary>The log's offset up to which it was moved.</summary>
    public long End { get; private set; }

    public bool IsEmpty => _segments.All(s => s.First is null);

    public int Count => _segments.Count;

    public void Load()
    {
        var files = folder.List();
        _segments.Clear();
        _segments.AddRange(files.Select(FactsOf));
        End = files is [.., var newest] ? newest.End : 0;
    }

    /// <summary>All of them in one segment, as a rule the newest.</summary>
    /// <exception cref="IOException">None of them was written.</exception>
    public void Append(ReadOnlySpan<byte> lines, LogBound bound, DateTimeOffset now)
    {
        var full = _segments is [.., var last] && LogRetention.IsFull(last, bound, now)
            && (!_inLine || last.Bytes >= 2 * bound.SegmentBytes);
        if (_segments.Count == 0 || full)
        {
            Flush();
            Begin(End, durable: false);
        }

        try
        {
            Write(lines, now);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Somebody removed the newest segment, or all: what is left is gone through anew.
            var end = End;
            _named = null;
            Load();
            Begin(end, durable: true);
            Write(lines, now);
        }

        _inLine = lines[^1] != '\n';
    }

    /// <summary>Brings the newest to the disk: only then what it holds may be given up elsewhere.</summary>
    public void Flush()
    {
        if (_segments is not [.., var newest])
        {
            return;
        }

        try
        {
            disk.Flush(folder, folder.FileOf(newest.Start), name: _named != newest.Start);
            _named = newest.Start;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Removed by hand: there is nothing to keep.
        }
    }

    /// <summary>Whether a segment has these bytes at this offset; those before its start count for nothing.</summary>
    public bool Holds(long offset, ReadOnlySpan<byte> bytes)
    {
        var end = offset + bytes.Length;
        if (bytes.IsEmpty || _segments.FindLast(s => s.Start < end) is not { } segment)
        {
            return false;
        }

        bytes = bytes[(int)Math.Max(0, segment.Start - offset)..];
        var held = new byte[bytes.Length];
        return disk.Read(folder.FileOf(segment.Start), held, end - bytes.Length - segment.Start) == held.Length
            && bytes.SequenceEqual(held);
    }

    /// <summary>Nothing before this offset is moved any more.</summary>
    public void SkipTo(long offset)
    {
        Begin(offset, durable: true);
        _inLine = false;
    }

    /// <param name="elsewhere">Bytes on the disk that are in no segment.</param>
    public void Drop(long elsewhere, LogBound bound, DateTimeOffset now)
    {
        var drop = LogRetention.Drop([.. _segments], elsewhere, bound, now);
        if (drop > 0 && drop == _segments.Count)
        {
            // The newest one's name and length say what was moved: there is always one.
            Begin(End, durable: true);
        }

        for (; drop > 0; drop--)
        {
            DropOldest();
        }
    }

    /// <returns>The bytes it held.</returns>
    public long DropOldest()
    {
        var oldest = _segments[0];
        disk.Remove(folder, oldest.Start);
        _segments.RemoveAt(0);
        return oldest.Bytes;
    }

    private void Begin(long start, bool durable)
    {
        disk.Begin(folder, start, durable);
        _segments.Add(new LogSegment(start, 0, null, null));
        End = start;
    }

    private void Write(ReadOnlySpan<byte> lines, DateTimeOffset now)
    {
        var newest = _segments[^1];
        var file = folder.FileOf(newest.Start);
        var at = End - newest.Start;
        disk.AppendTime(file, new LogTime(End, now));
        try
        {
            disk.Write(file, lines, at);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            disk.Cut(file, at);
            throw;
        }

        End += lines.Length;
        var taken = newest.Bytes + lines.Length + TimesFile.EntryBytes;
        _segments[^1] = newest with { Bytes = taken, First = newest.First ?? now, Last = now };
    }

    private static LogSegment FactsOf(SegmentFile file)
    {
        var times = TimesFile.Read(file.Times);
        var bytes = file.End - file.Start + (times.Length * TimesFile.EntryBytes);

        // Lines without a time, after a power cut: as old as the file.
        DateTimeOffset? unknown = file.End > file.Start ? new DateTimeOffset(File.GetLastWriteTimeUtc(file.Text)) : null;
        return times is [var first, ..]
            ? new LogSegment(file.Start, bytes, first.At, times[^1].At)
            : new LogSegment(file.Start, bytes, unknown, unknown);
    }
}
