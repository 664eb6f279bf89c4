using System.Globalization;
using System.Runtime.InteropServices;

namespace Zurg.Agent;

/// <summary>
/// What the base library does not tell of files: their change stamp, how to make a directory's entries durable, and whether
/// something failed for lack of room.
/// </summary>
internal static partial class Disk
{
    // linux/fcntl.h and linux/stat.h
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxBasicStats = 0x7ff;
    private const int StatxSize = 256;
    private const int NoSuchEntry = 2;
    private const int NotADirectory = 20;
    private const int OpenDirectory = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC

    // asm-generic/errno.h: ENOSPC and EDQUOT.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>The end of the name of a file that is being written: '~' is in no id, so it is no other's name.</summary>
    public const string Unfinished = "~";

    /// <summary>
    /// Changes with every change of the entry itself (a link is not followed): device, inode, mode, size, mtime and ctime. The
    /// kernel sets the ctime, so bytes that were changed and an mtime that was set back still show.
    /// </summary>
    /// <returns>Null when there is no such entry.</returns>
    public static unsafe string? StampOf(string path)
    {
        Span<byte> s = stackalloc byte[StatxSize];
        fixed (byte* buffer = s)
        {
            if (Statx(AtFdCwd, path, AtSymlinkNoFollow, StatxBasicStats, buffer) != 0)
            {
                return Marshal.GetLastPInvokeError() is NoSuchEntry or NotADirectory ? null : throw Failed(path);
            }
        }

        // struct statx: mode at 28, ino at 32, size at 40, ctime at 96, mtime at 112, device at 136.
        return string.Create(CultureInfo.InvariantCulture,
            $"{At<uint>(s, 136)}.{At<uint>(s, 140)}:{At<ulong>(s, 32)} {At<ushort>(s, 28):x} {At<ulong>(s, 40)} ")
            + string.Create(CultureInfo.InvariantCulture,
                $"{At<long>(s, 112)}.{At<uint>(s, 120)} {At<long>(s, 96)}.{At<uint>(s, 104)}");
    }

    /// <summary>Whether a rename leads from one to the other.</summary>
    public static bool OnSameDevice(string one, string other) => DeviceOf(one) == DeviceOf(other);

    private static string? DeviceOf(string path) => StampOf(path)?.Split(':')[0];

    /// <summary>What a file takes of the disk, in bytes: holes take nothing.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be looked at.</exception>
    public static unsafe long AllocatedBy(string path)
    {
        // struct statx: blocks at 48, in units of 512 bytes whatever the file system's are.
        const int unit = 512;
        Span<byte> s = stackalloc byte[StatxSize];
        fixed (byte* buffer = s)
        {
            return Statx(AtFdCwd, path, AtSymlinkNoFollow, StatxBasicStats, buffer) == 0
                ? At<long>(s, 48) * unit
                : throw Failed(path);
        }
    }

    /// <summary>Whether two stamps tell of the same bytes, as far as anybody but the kernel can set them.</summary>
    public static bool SameButForCtime(string a, string b) =>
        a.AsSpan(0, a.LastIndexOf(' ')).SequenceEqual(b.AsSpan(0, b.LastIndexOf(' ')));

    /// <summary>Whether it says that a disk, or the part of it that this user may have, was full.</summary>
    public static bool IsFull(IOException e) => (e.HResult & 0xffff) is NoSpace or QuotaExceeded;

    /// <summary>Makes the entries of a directory durable: new names, renames.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It did not get to the disk.</exception>
    public static void SyncDirectory(string path) => Sync(path, Fsync);

    /// <summary>All or nothing, and durable: readers see the old bytes or the new ones.</summary>
    public static void WriteAtomically(string path, ReadOnlySpan<byte> bytes)
    {
        var aside = path + Unfinished;
        using (var file = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(aside, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>All or nothing for readers; a power loss soon after it may leave anything.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        var aside = path + Unfinished;
        File.WriteAllBytes(aside, bytes);
        File.Move(aside, path, overwrite: true);
    }

    /// <summary>Everything that was written to the file system that holds a directory is durable when it returns.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It did not get to the disk.</exception>
    public static void SyncFileSystem(string path) => Sync(path, Syncfs);

    /// <summary>A second name of a file. False when it cannot have one: another file system, or too many names.</summary>
    public static bool TryLink(string path, string name) => Link(path, name) == 0;

    private static void Sync(string path, Func<int, int> sync)
    {
        var fd = Open(path, OpenDirectory);
        if (fd < 0)
        {
            throw Marshal.GetLastPInvokeError() == NoSuchEntry
                ? new DirectoryNotFoundException($"{path} is gone")
                : Failed(path);
        }

        try
        {
            if (sync(fd) != 0)
            {
                throw Failed(path);
            }
        }
        finally
        {
            _ = Close(fd);
        }
    }

    private static T At<T>(ReadOnlySpan<byte> s, int offset) where T : unmanaged => MemoryMarshal.Read<T>(s[offset..]);

    private static IOException Failed(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string path, string name);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int Syncfs(int fd);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int fd);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int fd);
}
