using System.Globalization;

namespace Zurg.Agent.Processes;

/// <summary>
/// Holds a child of posix_spawn(3) between its birth and its exec, where .NET lets nobody run code of their own, until the agent
/// has set what the child cannot set itself. Two of its file actions open the same path, a descriptor of the agent: the first
/// waits, since the file has a lease (fcntl(2), F_SETLEASE); the second demands a directory, and <see cref="Open"/> puts one
/// there before it lets go of the lease. So a child that comes through any other way (the agent died or gave up, or was stopped
/// for longer than the kernel grants leases) finds no directory and ends without having run anything.
/// </summary>
internal sealed class SpawnGate : IDisposable
{
    private const int DuplicateCloseOnExec = 1030;
    private const int SetSignal = 10;
    private const int SetLease = 1024;
    private const int WriteLease = 1;
    private const int NoLease = 2;
    private const int CloseOnExec = 0x80000;

    /// <summary>Told to a lease's holder when somebody waits; by default it is ignored, unlike SIGIO.</summary>
    private const int UrgentSignal = 23;

    private static readonly int Root = Libc.Open("/", CloseOnExec, 0);

    private readonly int _shown;
    private readonly int _lease;

    private SpawnGate(int shown, int lease) => (_shown, _lease) = (shown, lease);

    public string Path => PathOf(_shown);

    /// <summary>Null when the kernel does not let us; <see cref="Libc.LastError"/> says why.</summary>
    public static SpawnGate? TryShut()
    {
        // Opened again for reading: the kernel grants no lease on a memory file that was made open for writing.
        var made = Libc.MemoryFile("zurg-gate", 1);
        var shown = made < 0 ? -1 : Libc.Open(PathOf(made), CloseOnExec, 0);
        _ = Libc.Close(made);
        var lease = shown < 0 ? -1 : Libc.FileControl(shown, DuplicateCloseOnExec, 3);
        if (lease >= 0 && Libc.FileControl(lease, SetSignal, UrgentSignal) == 0
            && Libc.FileControl(lease, SetLease, WriteLease) == 0)
        {
            return new SpawnGate(shown, lease);
        }

        var error = Libc.LastError;
        _ = Libc.Close(shown);
        _ = Libc.Close(lease);
        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(error);
        return null;
    }

    /// <summary>The child goes on and becomes the program.</summary>
    public void Open()
    {
        if (Libc.Replace(Root, _shown, CloseOnExec) == _shown)
        {
            Refuse();
        }
    }

    /// <summary>The child goes on and ends.</summary>
    public void Refuse() => _ = Libc.FileControl(_lease, SetLease, NoLease);

    /// <summary>Only when the child is through.</summary>
    public void Dispose()
    {
        _ = Libc.Close(_lease);
        _ = Libc.Close(_shown);
    }

    private static string PathOf(int fd) => string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{fd}");
}
