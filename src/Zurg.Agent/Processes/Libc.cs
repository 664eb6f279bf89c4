using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Zurg.Agent.Processes;

/// <summary>The few calls of glibc (2.34 or later) and Linux (5.4 or later) that .NET does not offer.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    /// <summary>Errors of errno(3) that are told apart here.</summary>
    internal static class Errno
    {
        public const int NotPermitted = 1;
        public const int NotFound = 2;
        public const int NoSuchProcess = 3;
        public const int Interrupted = 4;
        public const int ArgumentsTooLong = 7;
        public const int NotAProgram = 8;
        public const int TryAgain = 11;
        public const int NoMemory = 12;
        public const int NotAllowed = 13;
        public const int InProgress = 115;
    }

    [LibraryImport(Library, EntryPoint = "posix_spawn")]
    public static partial int Spawn(out int pid, byte* path, void* actions, void* attributes, byte** argv, byte** env);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(void* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetDefaultSignals(void* attributes, void* set);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetMask(void* attributes, void* set);

    [LibraryImport(Library, EntryPoint = "sigemptyset")]
    public static partial int SignalSetEmpty(void* set);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int ActionsInit(void* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int ActionsDestroy(void* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ActionsOpen(void* actions, int fd, string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int ActionsDuplicate(void* actions, int from, int to);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ActionsChangeDirectory(void* actions, string path);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static partial int ActionsCloseFrom(void* actions, int fd);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* fds, int flags);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(void* watched, nuint count, int timeoutMilliseconds);

    [LibraryImport(Library, EntryPoint = "wait4", SetLastError = true)]
    public static partial int Wait(int pid, out int status, int options, void* usage);

    [LibraryImport(Library, EntryPoint = "getrusage", SetLastError = true)]
    public static partial int Usage(int who, void* usage);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    // glibc has had wrappers of its own for these two only since 2.36; the numbers are the same on every architecture.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int fd, void* change);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, void* events, int eventsMax, int timeoutMilliseconds);

    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint Receive(int fd, void* message, int flags);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, void* address, uint size);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int SocketOption(int socket, int level, int option, void* value, uint* size);

    [LibraryImport(Library, EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UserByName(string name, void* entry, byte* buffer, nuint size, out nint found);

    [LibraryImport(Library, EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "prlimit", SetLastError = true)]
    public static partial int Limit(int pid, int resource, ulong* wanted, ulong* was);

    [LibraryImport(Library, EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int kind, int pid, int nice);

    [LibraryImport(Library, EntryPoint = "getpriority")]
    private static partial int GetPriority(int kind, int pid);

    [LibraryImport(Library, EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport(Library, EntryPoint = "umask")]
    public static partial uint Umask(uint mask);

    [LibraryImport(Library, EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ExtendedAttribute(string path, string name, byte* value, nuint size);

    [LibraryImport(Library, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, byte* structure);

    [LibraryImport(Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MemoryFile(string name, uint flags);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FileControl(int fd, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "dup3", SetLastError = true)]
    public static partial int Replace(int from, int to, int flags);

    [LibraryImport(Library, EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GroupByName(string name, void* entry, byte* buffer, nuint size, out nint found);

    [LibraryImport(Library, EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GroupsOf(string user, uint group, uint* groups, int* count);

    [LibraryImport(Library, EntryPoint = "gettid")]
    public static partial int ThreadId();

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport(Library, EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    [LibraryImport(Library, EntryPoint = "getgroups", SetLastError = true)]
    private static partial int OwnGroups(int room, uint* groups);

    /// <summary>Further groups of this process.</summary>
    public static ImmutableArray<uint> OwnGroups()
    {
        const int groupsMax = 1024;
        var groups = stackalloc uint[groupsMax];
        return [.. new ReadOnlySpan<uint>(groups, Math.Max(OwnGroups(groupsMax, groups), 0))];
    }

    /// <summary>Owner, group and mode with its kind, of a link itself; false when that cannot be told.</summary>
    public static bool Look(string path, out (uint User, uint Group, int Mode) seen)
    {
        // struct statx is the same everywhere: user at 20, group 24, mode 28.
        const int currentDirectory = -100;
        const int noFollow = 0x100;
        const uint typeModeAndOwner = 0x1b;
        var structure = stackalloc byte[256];
        var found = Stat(currentDirectory, path, noFollow, typeModeAndOwner, structure) == 0;
        seen = found ? (*(uint*)(structure + 20), *(uint*)(structure + 24), *(ushort*)(structure + 28)) : default;
        return found;
    }

    /// <summary>An access control list counts for the file (acl(5)).</summary>
    public static bool HasAccessList(string path) => ExtendedAttribute(path, "system.posix_acl_access", null, 0) > 0;

    /// <summary>The calling thread gets a umask and a working directory of its own (unshare(2), CLONE_FS).</summary>
    public static int UnshareFileSystemState() => Unshare(0x200);

    /// <summary>Of one process that has one thread.</summary>
    public static int SetNice(int pid, int nice) => SetPriority(0, pid, nice);

    /// <summary>The calling thread's own.</summary>
    public static int Nice() => GetPriority(0, 0);

    /// <summary>
    /// systemd marks what it delegates, and root can write everywhere, so root needs the mark; of others the files' modes tell.
    /// </summary>
    public static bool IsDelegated(string group)
    {
        const int writable = 2;
        var value = stackalloc byte[16];
        return ExtendedAttribute(group, "trusted.delegate", value, 16) > 0
            || ExtendedAttribute(group, "user.delegate", value, 16) > 0
            || (EffectiveUser() != 0 && Access(group + "/cgroup.subtree_control", writable) == 0
                && Access(group + "/cgroup.procs", writable) == 0);
    }

    public static int PidfdOpen(int pid) => (int)SystemCall(434, pid, 0, 0, 0);

    public static int PidfdSignal(int pidfd, int signal) => (int)SystemCall(424, pidfd, signal, 0, 0);

    /// <summary>Orphans of this process's descendants become its children (prctl(2), PR_SET_CHILD_SUBREAPER).</summary>
    public static int BecomeSubreaper() => ProcessControl(36, 1, 0, 0, 0);

    /// <summary>Whether a read would not block (poll(2), POLLIN): true at the end of the input, too.</summary>
    public static bool HasInput(int fd, int withinMilliseconds = 0) => IsReady(fd, 1, withinMilliseconds);

    /// <summary>Whether a write would not block (poll(2), POLLOUT): true when a connection is made or has failed, too.</summary>
    public static bool HasOutput(int fd, int withinMilliseconds = 0) => IsReady(fd, 4, withinMilliseconds);

    private static bool IsReady(int fd, ulong events, int withinMilliseconds)
    {
        var watched = (uint)fd | (events << 32);
        return Poll(&watched, 1, withinMilliseconds) > 0;
    }

    public static int LastError => Marshal.GetLastPInvokeError();

    public static string Text(int error) => Marshal.GetPInvokeErrorMessage(error);
}
