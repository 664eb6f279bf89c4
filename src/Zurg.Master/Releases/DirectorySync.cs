using System.Runtime.InteropServices;

namespace Zurg.Master.Releases;

/// <summary>
/// Makes a rename in a directory survive power loss: fsync(2) of a file does not make its name durable, its directory's does.
/// .NET opens no directories, hence the three calls of libc.
/// </summary>
internal static class DirectorySync
{
    // O_RDONLY | O_DIRECTORY | O_CLOEXEC of Linux on x64 and arm64 differ in O_DIRECTORY only, which is not needed.
    private const int OpenFlags = 0x80000;

    /// <exception cref="IOException">The directory cannot be opened or flushed.</exception>
    public static void Flush(string directory)
    {
        var handle = Open(directory, OpenFlags);
        if (handle < 0)
        {
            throw Failed("open", directory);
        }

        try
        {
            if (Fsync(handle) != 0)
            {
                throw Failed("fsync", directory);
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    private static IOException Failed(string call, string directory) =>
        new($"{call} of {directory}: {Marshal.GetLastPInvokeErrorMessage()}");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int handle);
}
