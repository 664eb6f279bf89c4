using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Zurg.Agent.Logs;

/// <summary>The calls of Linux for log files that .NET does not offer.</summary>
internal static partial class FileCalls
{
    private const string Library = "libc";
    private const int NotSupported = 95;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    public static string LastError => Marshal.GetLastPInvokeErrorMessage();

    /// <summary>Gives a part of a file back to the disk; it then reads as zeros, and the file is as long as before.</summary>
    /// <returns>False: the file system cannot do it.</returns>
    /// <exception cref="IOException">It failed otherwise.</exception>
    public static bool TryPunchHole(SafeFileHandle file, long offset, long length)
    {
        const int keepSize = 0x1;
        const int punchHole = 0x2;
        if (Allocate(file, keepSize | punchHole, offset, length) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NotSupported
            ? false
            : throw new IOException($"no hole could be made: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport(Library, EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
