using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Zurg.Agent.Templates;

/// <summary>
/// The calls that take a name within an opened directory (openat(2) and its kin): who owns the directory can put links into it at
/// any moment, and a path that was looked at before may lead elsewhere by then.
/// </summary>
internal static unsafe partial class DirectoryCalls
{
    public const int ErrorNotFound = 2;
    public const int ErrorExists = 17;
    public const int ErrorNoDirectory = 20;
    public const int ErrorLink = 40;

    public const int ReadOnly = 0;
    public const int WriteOnly = 0x1;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    // These two have other numbers on arm64.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    public static readonly int DirectoryOnly = Arm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    private const string Library = "libc";
    private const int CurrentDirectory = -100;
    private const int SymlinkNoFollow = 0x100;
    private const int EmptyPath = 0x1000;

    /// <summary>STATX_BASIC_STATS of statx(2).</summary>
    private const uint BasicStats = 0x7ff;

    public static int LastError => Marshal.GetLastPInvokeError();

    public static IOException Fault(string path) => new($"{path}: {Marshal.GetPInvokeErrorMessage(LastError)}");

    /// <summary>Null with <see cref="LastError"/> when it could not be opened.</summary>
    public static SafeFileHandle? Open(SafeFileHandle? directory, string name, int flags, uint mode)
    {
        var fd = OpenAt(FdOf(directory), name, flags | CloseOnExec, mode);
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    public static bool TryMakeDirectory(SafeFileHandle directory, string name, uint mode) =>
        MakeDirectoryAt(FdOf(directory), name, mode) == 0;

    public static bool TryRename(SafeFileHandle directory, string from, string to) =>
        RenameAt(FdOf(directory), from, FdOf(directory), to) == 0;

    public static bool TryRemove(SafeFileHandle directory, string name) => UnlinkAt(FdOf(directory), name, 0) == 0;

    /// <summary>Of the name itself when it is a link.</summary>
    public static bool TryOwn(SafeFileHandle directory, string name, uint user, uint group) =>
        OwnAt(FdOf(directory), name, user, group, SymlinkNoFollow) == 0;

    public static bool TryOwn(SafeFileHandle file, uint user, uint group) => OwnAt(FdOf(file), "", user, group, EmptyPath) == 0;

    public static bool TrySetMode(SafeFileHandle file, uint mode) => SetMode(FdOf(file), mode) == 0;

    /// <summary>Of an absolute path, its last part not followed when it is a link; default when there is nothing.</summary>
    public static FileMark MarkOf(string path) => StatX(CurrentDirectory, path, SymlinkNoFollow);

    public static FileMark MarkOf(SafeFileHandle file) => StatX(FdOf(file), "", EmptyPath);

    private static FileMark StatX(int directory, string path, int flags)
    {
        // struct statx of linux/stat.h: user at 20, group 24, mode 28, inode 32, size 40, change time 96, modification time 112.
        var buffer = stackalloc byte[256];
        return Stat(directory, path, flags, BasicStats, buffer) == 0
            ? new FileMark(
                *(ulong*)(buffer + 32), *(long*)(buffer + 40), Nanoseconds(buffer + 112), Nanoseconds(buffer + 96),
                *(ushort*)(buffer + 28), *(uint*)(buffer + 20), *(uint*)(buffer + 24))
            : default;
    }

    private static long Nanoseconds(byte* time) => (*(long*)time * 1_000_000_000) + *(uint*)(time + 8);

    private static int FdOf(SafeFileHandle? handle) => handle is null ? CurrentDirectory : (int)handle.DangerousGetHandle();

    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int directory, string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeDirectoryAt(int directory, string path, uint mode);

    [LibraryImport(Library, EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to);

    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(int directory, string path, int flags);

    [LibraryImport(Library, EntryPoint = "fchownat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OwnAt(int directory, string path, uint user, uint group, int flags);

    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    private static partial int SetMode(int fd, uint mode);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, byte* buffer);
}

/// <summary>What changes when anybody touches a file; default when there is none. Times in nanoseconds since 1970.</summary>
internal readonly record struct FileMark(
    ulong Inode, long Size, long Modified, long Changed, ushort Mode, uint User, uint Group)
{
    private const ushort KindMask = 0xF000;
    private const ushort RegularFile = 0x8000;

    public bool IsFile => (Mode & KindMask) == RegularFile;

    public uint Permissions => Mode & 0xFFFu;
}
