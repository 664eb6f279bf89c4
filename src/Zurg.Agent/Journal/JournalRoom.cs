using System.Runtime.InteropServices;

namespace Zurg.Agent.Journal;

/// <summary>
/// Room on the disk that the journal has before it needs it (fallocate(2), FALLOC_FL_KEEP_SIZE: blocks beyond the files' ends): a
/// disk that others filled must not end the restarts of what crashes. SQLite begins its log again after each checkpoint of 4 MB,
/// and the journal's content is bounded, so within this the journal goes on for as long as the disk is full.
/// </summary>
internal sealed partial class JournalRoom : IDisposable
{
    /// <summary>In bytes. 10,000 events and a thousand instances are a third of it.</summary>
    public const long OfContent = 16L * 1024 * 1024;

    /// <summary>In bytes: SQLite's checkpoint at 1,000 pages of 4 KiB, and the longest step on top.</summary>
    public const long OfLog = 8L * 1024 * 1024;

    private readonly int _journal;

    /// <param name="path">Open in SQLite, and until after the end of this.</param>
    public JournalRoom(string path)
    {
        // Held on to: to close any descriptor of a file drops the locks that this process has on it (fcntl(2)), and SQLite's lock
        // keeps others from removing the log under it. The log itself is never locked.
        _journal = Open(path);
        var log = Open(path + "-wal");
        IsWhole = TryReserve(_journal, OfContent) & TryReserve(log, OfLog);
        _ = log < 0 ? 0 : Close(log);
    }

    /// <summary>False: the disk has not so much room, or its file system cannot give it beforehand.</summary>
    public bool IsWhole { get; }

    public void Dispose() => _ = _journal < 0 ? 0 : Close(_journal);

    private static int Open(string path)
    {
        const int readWriteCloseOnExec = 0x2 | 0x80000;
        return Open(path, readWriteCloseOnExec, 0);
    }

    private static bool TryReserve(int fd, long bytes)
    {
        const int keepSize = 0x1;
        return fd >= 0 && Allocate(fd, keepSize, 0, bytes) == 0;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "fallocate")]
    private static partial int Allocate(int fd, int mode, long offset, long length);
}
