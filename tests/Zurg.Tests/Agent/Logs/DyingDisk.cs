using Microsoft.Win32.SafeHandles;
using Zurg.Agent.Logs;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Logs;

/// <summary>The agent was killed, or the machine lost its power.</summary>
internal sealed class DiedException : Exception;

/// <summary>
/// The real disk, until so many calls were made: then the agent dies, before the next one or in the middle of it. After a power
/// cut what was not flushed is there in parts.
/// </summary>
/// <param name="flushed">How long each segment is for good, over all lives.</param>
internal sealed class DyingDisk(int calls, Dictionary<string, long> flushed, Random random) : ILogDisk
{
    private readonly LogDisk _disk = LogDisk.Instance;
    private int _left = calls;

    /// <summary>False: the file system is one of those that cannot.</summary>
    public bool CanPunch { get; init; } = true;

    public void Begin(SegmentFolder folder, long start, bool durable)
    {
        Count();
        _disk.Begin(folder, start, durable);
        if (durable)
        {
            flushed[folder.FileOf(start).Text] = 0;
        }
    }

    public void AppendTime(SegmentFile segment, LogTime time)
    {
        Count();
        _disk.AppendTime(segment, time);
    }

    public void Write(SegmentFile segment, ReadOnlySpan<byte> text, long at)
    {
        if (_left == 0)
        {
            _disk.Write(segment, text[..random.Next(text.Length)], at);
        }

        Count();
        _disk.Write(segment, text, at);
    }

    public int Read(SegmentFile segment, Span<byte> text, long at) => _disk.Read(segment, text, at);

    public void Cut(SegmentFile segment, long length)
    {
        Count();
        _disk.Cut(segment, length);
    }

    public void Flush(SegmentFolder folder, SegmentFile segment, bool name)
    {
        Count();
        _disk.Flush(folder, segment, name);
        if (!name && !flushed.ContainsKey(segment.Text))
        {
            // Its lines are there, and no name to find them by.
            return;
        }

        flushed[segment.Text] = new FileInfo(segment.Text).Length;
    }

    public bool TryPunch(SafeFileHandle log, long from, long to)
    {
        Count();
        return CanPunch && _disk.TryPunch(log, from, to);
    }

    public void Remove(SegmentFolder folder, long start)
    {
        Count();
        _disk.Remove(folder, start);
    }

    /// <summary>What the machine finds when it has power again.</summary>
    public void LosePower(SegmentFolder folder)
    {
        foreach (var segment in folder.List())
        {
            if (!flushed.TryGetValue(segment.Text, out var kept) && random.Next(2) == 0)
            {
                File.Delete(segment.Text);
                continue;
            }

            using var text = File.OpenHandle(segment.Text, FileMode.Open, FileAccess.ReadWrite);
            kept = Math.Min(kept, segment.End - segment.Start);
            RandomAccess.SetLength(text, random.NextInt64(kept, segment.End - segment.Start + 1));
            using var times = File.OpenHandle(segment.Times, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.SetLength(times, random.NextInt64(RandomAccess.GetLength(times) + 1));
        }
    }

    private void Count()
    {
        if (_left-- <= 0)
        {
            throw new DiedException();
        }
    }
}
