using Microsoft.Win32.SafeHandles;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>The real disk.</summary>
internal sealed class LogDisk : ILogDisk
{
    public static LogDisk Instance { get; } = new();

    public void Begin(SegmentFolder folder, long start, bool durable)
    {
        folder.Create(start);
        if (durable)
        {
            SyncNames(folder);
        }
    }

    public void AppendTime(SegmentFile segment, LogTime time) => TimesFile.Append(segment.Times, time);

    public void Write(SegmentFile segment, ReadOnlySpan<byte> text, long at)
    {
        using var file = OpenText(segment);
        RandomAccess.Write(file, text, at);
    }

    public int Read(SegmentFile segment, Span<byte> text, long at)
    {
        using var file = File.OpenHandle(segment.Text, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return RandomAccess.Read(file, text, at);
    }

    public void Cut(SegmentFile segment, long length)
    {
        using var file = OpenText(segment);
        RandomAccess.SetLength(file, length);
    }

    public void Flush(SegmentFolder folder, SegmentFile segment, bool name)
    {
        using (var file = OpenText(segment))
        {
            RandomAccess.FlushToDisk(file);
        }

        if (name)
        {
            SyncNames(folder);
        }
    }

    public bool TryPunch(SafeFileHandle log, long from, long to) => FileCalls.TryPunchHole(log, from, to - from);

    public void Remove(SegmentFolder folder, long start) => folder.Remove(start);

    private static void SyncNames(SegmentFolder folder)
    {
        Disk.SyncDirectory(folder.Path);
        Disk.SyncDirectory(Path.GetDirectoryName(folder.Path)!);
    }

    private static SafeFileHandle OpenText(SegmentFile segment) =>
        File.OpenHandle(segment.Text, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
