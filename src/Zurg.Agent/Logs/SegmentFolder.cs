using System.Collections.Immutable;
using System.Globalization;

namespace Zurg.Agent.Logs;

/// <summary>A segment as it lies on the disk: the log's bytes from one offset to another, unchanged.</summary>
internal sealed record SegmentFile(string Text, string Times, long Start, long End);

/// <summary>
/// The moved part of a log: beside NAME.log a directory NAME.segments with, for each segment, START.log (the lines) and
/// START.times (when they were read). START is the log's offset of its first byte in 20 digits, so that names sort by age.
/// </summary>
internal sealed class SegmentFolder(string log)
{
    public const string Extension = ".segments";

    private const string TextExtension = ".log";
    private const string TimesExtension = ".times";
    private const int Digits = 20;

    private readonly string _directory = System.IO.Path.ChangeExtension(log, Extension);

    public string Path => _directory;

    public bool Exists => Directory.Exists(_directory);

    /// <summary>Oldest first. A file that is being removed meanwhile may be missing.</summary>
    public ImmutableArray<SegmentFile> List()
    {
        if (!Exists)
        {
            return [];
        }

        var starts = new List<long>();
        foreach (var path in Directory.EnumerateFiles(_directory, "*" + TextExtension))
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(path.AsSpan());
            if (name.Length == Digits && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var start))
            {
                starts.Add(start);
            }
        }

        starts.Sort();
        var segments = ImmutableArray.CreateBuilder<SegmentFile>(starts.Count);
        foreach (var start in starts)
        {
            var file = FileOf(start);
            var info = new FileInfo(file.Text);
            if (info.Exists)
            {
                segments.Add(file with { End = start + info.Length });
            }
        }

        return segments.ToImmutable();
    }

    /// <summary>Readable for the agent's user and group alone, like the log.</summary>
    public SegmentFile Create(long start)
    {
        const UnixFileMode userAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        Directory.CreateDirectory(_directory, userAndGroup | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        var file = FileOf(start);
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = userAndGroup,
        };
        new FileStream(file.Times, options).Dispose();
        new FileStream(file.Text, options).Dispose();
        return file;
    }

    /// <summary>The lines first: what has no times is of no use, and times without lines are in nobody's way.</summary>
    public void Remove(long start)
    {
        var file = FileOf(start);
        File.Delete(file.Text);
        File.Delete(file.Times);
    }

    public void RemoveAll()
    {
        if (Exists)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    public SegmentFile FileOf(long start)
    {
        var name = System.IO.Path.Combine(_directory, start.ToString("D20", CultureInfo.InvariantCulture));
        return new SegmentFile(name + TextExtension, name + TimesExtension, start, start);
    }
}
