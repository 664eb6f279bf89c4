using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>A log as it is at one moment: its segments and what was not moved yet, under one count of bytes.</summary>
internal sealed class LogView : IDisposable
{
    /// <summary>So often a read is begun again because what it reads is moved or removed meanwhile.</summary>
    private const int TriesMax = 10;

    private readonly SegmentFolder _folder;
    private readonly SafeFileHandle? _active;
    private ImmutableArray<SegmentFile> _segments;

    /// <exception cref="FileNotFoundException">There is no such log.</exception>
    public LogView(string path)
    {
        _folder = new SegmentFolder(path);
        _segments = _folder.List();
        try
        {
            _active = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException) when (!_segments.IsEmpty)
        {
            // Removed by hand; what was moved is still there.
        }

        End = Math.Max(Moved, _active is null ? 0 : RandomAccess.GetLength(_active));
    }

    /// <summary>The first byte that is still kept.</summary>
    public long Start => _segments is [var oldest, ..] ? oldest.Start : 0;

    public long End { get; }

    private long Moved => _segments is [.., var newest] ? newest.End : 0;

    /// <summary>The offset, or the first one after it that is still kept.</summary>
    public long Kept(long offset)
    {
        foreach (var segment in _segments)
        {
            if (offset < segment.End)
            {
                return Math.Max(offset, segment.Start);
            }
        }

        return Math.Max(offset, Moved);
    }

    /// <summary>So many bytes before the end, of those that are kept.</summary>
    public long Back(long bytes)
    {
        var end = End;
        var begin = Moved;
        for (var i = _segments.Length; i > 0 && bytes > end - begin; i--)
        {
            bytes -= end - begin;
            (begin, end) = (_segments[i - 1].Start, _segments[i - 1].End);
        }

        return Math.Max(begin, end - bytes);
    }

    /// <summary>Where the first lines begin that were read at that time or later; what was not moved is being read now.</summary>
    public long OffsetOf(DateTimeOffset since)
    {
        foreach (var segment in _segments)
        {
            var times = TimesFile.Read(segment.Times);
            var first = times.FirstOrDefault(t => t.At >= since && t.Offset < segment.End);
            if (first is not null)
            {
                return first.Offset;
            }
        }

        return Moved;
    }

    /// <summary>Bytes of one stretch that is kept as a whole.</summary>
    /// <returns>How many; and whether more is known to follow them, at once or after a gap.</returns>
    public (int Read, bool More) Read(byte[] buffer, long offset)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return ReadOnce(buffer, offset);
            }
            catch (FileNotFoundException e)
            {
                if (tries == TriesMax)
                {
                    throw new IOException("it was moved each time it was read; try again", e);
                }

                _segments = _folder.List();
                if (Kept(offset) != offset)
                {
                    return (0, true);
                }
            }
        }
    }

    /// <param name="now">The time of what was not moved yet.</param>
    public ImmutableArray<LogTime> TimesOf(long from, long to, DateTimeOffset now)
    {
        var times = ImmutableArray.CreateBuilder<LogTime>();
        foreach (var segment in _segments.Where(s => s.Start < to && s.End > from))
        {
            var all = TimesFile.Read(segment.Times);
            for (var i = 0; i < all.Length; i++)
            {
                var end = i + 1 < all.Length ? all[i + 1].Offset : segment.End;
                if (all[i].Offset < to && end > from)
                {
                    times.Add(all[i]);
                }
            }
        }

        if (to > Moved)
        {
            times.Add(new LogTime(Moved, now));
        }

        return times.ToImmutable();
    }

    public void Dispose() => _active?.Dispose();

    private (int Read, bool More) ReadOnce(byte[] buffer, long offset)
    {
        var read = 0;
        foreach (var segment in _segments)
        {
            var at = offset + read;
            if (at < segment.Start && at >= Start && read > 0)
            {
                return (read, true);
            }

            if (at >= segment.Start && at < segment.End && read < buffer.Length)
            {
                using var text = File.OpenHandle(
                    segment.Text, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var most = (int)Math.Min(buffer.Length - read, segment.End - at);
                read += RandomAccess.Read(text, buffer.AsSpan(read, most), at - segment.Start);
            }
        }

        if (_active is null || read == buffer.Length || offset + read < Moved)
        {
            return (read, offset + read < Moved);
        }

        var active = RandomAccess.Read(_active, buffer.AsSpan(read), offset + read);

        // Moved while it was read: it may be zeros of the hole by now, but then a segment has it.
        if (_folder.List() is [.., var newest] && newest.End > offset + read && active > 0)
        {
            throw new FileNotFoundException("the log was moved while it was read");
        }

        return (read + active, false);
    }
}
