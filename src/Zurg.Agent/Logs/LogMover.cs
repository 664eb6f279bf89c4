using Microsoft.Win32.SafeHandles;
using Zurg.Core;

namespace Zurg.Agent.Logs;

/// <summary>
/// Reads behind the processes of one log: moves whole lines to segments, then gives their bytes in the log back to the disk.
/// What was moved follows from the segments on the disk alone, so any moment is a good one to die.
/// </summary>
internal sealed class LogMover(string path, ILogDisk disk) : IDisposable
{
    /// <summary>As much is moved at once, at most.</summary>
    public const int PieceBytesMax = 1 << 20;

    /// <summary>So much may lie on the disk twice, moved and not yet given back: each time costs an fsync.</summary>
    private const long TwiceBytesMax = 4 << 20;

    private readonly SegmentFolder _folder = new(path);
    private readonly SegmentWriter _segments = new(new SegmentFolder(path), disk);
    private SafeFileHandle? _file;
    private bool _begun;
    private long _length;
    private long _punched;

    /// <summary>Of lines that went before their time: the disk was full, or too many came while no agent was there.</summary>
    public long BytesGivenUp { get; private set; }

    /// <summary>The file system cannot give back parts of a file: the log keeps all it ever got.</summary>
    public bool CannotPunch { get; private set; }

    /// <summary>Somebody removed the file: what is written to it still comes here, but a new process gets a new one.</summary>
    public bool IsUnlinked => _file is { } file
        && new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget is { } target
        && target.EndsWith(" (deleted)", StringComparison.Ordinal);

    /// <summary>Nothing of it is left to read that may still be kept: at most a line without an end that is too old.</summary>
    public bool IsSpent(LogBound bound, DateTimeOffset now) =>
        _begun && _segments.IsEmpty && (_segments.End == _length || now.UtcDateTime - File.GetLastWriteTimeUtc(path) > bound.Age);

    /// <summary>Moves what is there and removes what need not be kept.</summary>
    /// <param name="buffer">Of <see cref="PieceBytesMax"/> bytes; shared by all logs.</param>
    /// <returns>Bytes that came since the last call.</returns>
    /// <exception cref="IOException">The disk is full, say: to be tried again later, nothing is lost by it.</exception>
    public long Step(LogBound bound, DateTimeOffset now, byte[] buffer)
    {
        Begin();
        var before = _length;
        _length = _file is null ? _segments.End : RandomAccess.GetLength(_file);
        if (_length < _segments.End)
        {
            Realign(now, buffer);
        }

        GiveUp(LogRetention.Surplus(_length - _segments.End, bound), buffer);
        while (_segments.End < _length && Move(bound, now, buffer))
        {
            Drop(bound, now);
        }

        Drop(bound, now);
        return _length - before;
    }

    /// <summary>The last step for a file that was removed and replaced: also a line without an end is moved.</summary>
    public void Finish(LogBound bound, DateTimeOffset now, byte[] buffer)
    {
        Step(bound, now, buffer);
        var rest = buffer.AsSpan(0, RandomAccess.Read(_file!, buffer, _segments.End));
        if (!rest.IsEmpty)
        {
            _segments.Append(rest, bound, now);
            _segments.Append("\n"u8, bound, now);
        }

        _segments.Flush();
    }

    /// <summary>Reads nothing more; what was opened is closed.</summary>
    public void Dispose() => _file?.Dispose();

    /// <summary>Removes the log and all that was moved out of it: nobody may write to it any more.</summary>
    public void Remove()
    {
        Dispose();
        File.Delete(path);
        _folder.RemoveAll();
    }

    private void Begin()
    {
        if (!_begun)
        {
            _segments.Load();
            (_length, _begun) = (_segments.End, true);
        }

        if (_file is null && File.Exists(path))
        {
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
    }

    /// <summary>Moves one piece.</summary>
    /// <returns>False: the rest is the beginning of a line, which is waited for.</returns>
    private bool Move(LogBound bound, DateTimeOffset now, byte[] buffer)
    {
        // Small beside a segment, which ends a piece too late at worst.
        var piece = (int)Math.Min(PieceBytesMax, bound.SegmentBytes / 4);
        var most = (int)Math.Min(piece, _length - _segments.End);
        var bytes = buffer.AsSpan(0, RandomAccess.Read(_file!, buffer.AsSpan(0, most), _segments.End));
        var lines = bytes.LastIndexOf((byte)'\n') + 1;
        if (lines == 0 && bytes.Length < piece)
        {
            return false;
        }

        try
        {
            // A line longer than a piece is moved in pieces, into one segment unless it is longer than two.
            _segments.Append(lines == 0 ? bytes : bytes[..lines], bound, now);
            if (_segments.End - _punched >= TwiceBytes(bound))
            {
                Punch();
            }
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            if (!MakeRoom(bound, buffer))
            {
                throw;
            }
        }

        return true;
    }

    /// <summary>Only what is safely on the disk elsewhere: a power cut must not leave a hole and no segment.</summary>
    private void Punch()
    {
        if (_file is not null && _segments.End > _punched && !CannotPunch)
        {
            _segments.Flush();
            PunchTo(_segments.End);
        }
    }

    private void PunchTo(long end)
    {
        CannotPunch = !disk.TryPunch(_file!, _punched, end);
        _punched = CannotPunch ? _punched : end;
    }

    private static long TwiceBytes(LogBound bound) => Math.Min(TwiceBytesMax, bound.SegmentBytes / 2);

    private void Drop(LogBound bound, DateTimeOffset now)
    {
        var twice = CannotPunch ? 0 : Math.Clamp(_segments.End - _punched, 0, TwiceBytes(bound));
        _segments.Drop(_length - _segments.End + twice, bound, now);
    }

    /// <summary>On a full disk the oldest lines make room for the newest: a segment, else half of what was not moved.</summary>
    /// <returns>False: there is no more than a little of this log.</returns>
    private bool MakeRoom(LogBound bound, byte[] buffer)
    {
        if (_segments.Count > 1)
        {
            BytesGivenUp += _segments.DropOldest();
            return true;
        }

        var unmoved = _length - _segments.End;
        if (unmoved < bound.SegmentBytes / 2 || CannotPunch)
        {
            return false;
        }

        GiveUp(unmoved / 2, buffer);
        return true;
    }

    /// <summary>Leaves out so many bytes and the rest of their last line.</summary>
    private void GiveUp(long bytes, byte[] buffer)
    {
        if (bytes <= 0 || CannotPunch)
        {
            return;
        }

        var from = _segments.End;
        var end = from + bytes;
        var most = (int)Math.Min(PieceBytesMax, _length - end);
        var rest = buffer.AsSpan(0, RandomAccess.Read(_file!, buffer.AsSpan(0, most), end));
        end += rest.IndexOf((byte)'\n') + 1;

        Punch();
        try
        {
            _segments.SkipTo(end);
        }
        catch (IOException)
        {
            // No room even for the name of a segment: the hole makes it.
            PunchTo(end);
            _segments.SkipTo(end);
        }

        PunchTo(end);
        BytesGivenUp += end - from;
    }

    /// <summary>Somebody emptied the file by hand: what came since is moved, and the file is made as long as it was.</summary>
    private void Realign(DateTimeOffset now, byte[] buffer)
    {
        var unbound = new LogBound(long.MaxValue, TimeSpan.MaxValue);
        var cut = IsCutByPower(buffer);
        int read;
        for (var at = 0L; !cut && (read = RandomAccess.Read(_file!, buffer, at)) > 0; at += read)
        {
            // What a file of this length holds in front is the hole, or what Reach wrote.
            var bytes = at == 0 ? buffer.AsSpan(0, read).TrimStart((byte)0) : buffer.AsSpan(0, read);
            if (!bytes.IsEmpty)
            {
                _segments.Append(bytes, unbound, now);
            }
        }

        LogFile.Reach(_file!, _segments.End);
        (_length, _punched) = (RandomAccess.GetLength(_file!), 0);
    }

    /// <summary>Nobody emptied it: a power cut took its end, which the segments have.</summary>
    private bool IsCutByPower(byte[] buffer)
    {
        const int enough = 4096;
        var from = Math.Max(0, _length - enough);
        return _segments.Holds(from, buffer.AsSpan(0, RandomAccess.Read(_file!, buffer.AsSpan(0, enough), from)));
    }
}
