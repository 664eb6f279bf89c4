using Microsoft.Win32.SafeHandles;

namespace Zurg.Agent.Logs;

/// <summary>
/// What a process writes to: always at the end of the file, also when several do. The file is as long as everything that was ever
/// written; what the agent has moved to segments is a hole in it.
/// </summary>
internal static class LogFile
{
    private const int WriteAppendCreateCloseOnExec = 0x1 | 0x400 | 0x40 | 0x80000;

    /// <summary>
    /// A log that was removed goes on so far behind what was moved out of it: what its last process wrote to the removed file has
    /// its place in between.
    /// </summary>
    private const long Gap = 1L << 30;

    /// <summary>
    /// Created readable for the agent's user and group alone, with its directory. A last line without an end gets one, so that it
    /// does not run into the next process's first.
    /// </summary>
    /// <returns>A file descriptor; hand it to <see cref="Close"/>.</returns>
    /// <exception cref="IOException">It cannot be written to.</exception>
    public static int Open(string path)
    {
        const uint userAndGroup = 0x1A0;
        var isNew = !File.Exists(path);
        if (isNew)
        {
            CreateDirectory(Path.GetDirectoryName(path)!);
        }

        var fd = FileCalls.Open(path, WriteAppendCreateCloseOnExec, userAndGroup);
        if (fd < 0)
        {
            throw new IOException($"{path} cannot be opened for writing: {FileCalls.LastError}");
        }

        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var folder = new SegmentFolder(path);
            var moved = folder.List() is [.., var newest] ? newest.End : 0;
            if (isNew && moved > 0)
            {
                moved += Gap;
                LogDisk.Instance.Begin(folder, moved, durable: true);
            }

            Reach(file, moved);
            EndLine(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: the process starts all the same.
        }

        return fd;
    }

    public static void Close(int fd) => _ = FileCalls.Close(fd);

    /// <summary>
    /// Makes a file that was removed or emptied by hand as long as what was moved out of it: offsets only grow. One byte is
    /// written rather than a length set: that can never cut off what a process appends meanwhile.
    /// </summary>
    public static void Reach(SafeFileHandle file, long length)
    {
        if (RandomAccess.GetLength(file) < length)
        {
            RandomAccess.Write(file, "\0"u8, length - 1);
        }
    }

    private static void CreateDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path} cannot be created: {e.Message}", e);
        }
    }

    private static void EndLine(SafeFileHandle file)
    {
        Span<byte> last = stackalloc byte[1];
        var length = RandomAccess.GetLength(file);

        // A zero is the hole of what was moved, which ends with a whole line.
        if (length > 0 && RandomAccess.Read(file, last, length - 1) == 1 && last[0] is not ((byte)'\n' or 0))
        {
            RandomAccess.Write(file, "\n"u8, length);
        }
    }
}
