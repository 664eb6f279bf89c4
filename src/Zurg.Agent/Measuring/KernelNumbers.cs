using System.Runtime.InteropServices;

namespace Zurg.Agent.Measuring;

/// <summary>What only system calls tell: free space (statvfs(3)) and the clock (adjtimex(2)). 64-bit Linux, glibc.</summary>
internal static unsafe partial class KernelNumbers
{
    // struct statvfs is 112 bytes of which the first eleven words count; struct timex is 208.
    private const int StatvfsWords = 32;
    private const int TimexWords = 64;
    private const int TimexStatusWord = 5;
    private const uint Unsynchronized = 0x40;
    private const uint Nanoseconds = 0x2000;

    /// <summary>Of the file system that a path lies on; null when it cannot be read.</summary>
    public static (long Size, long Free, long Files, long FilesFree)? SpaceOf(string path)
    {
        // bsize frsize blocks bfree bavail files ffree favail ...
        Span<ulong> s = stackalloc ulong[StatvfsWords];
        fixed (ulong* buffer = s)
        {
            return Statvfs(path, buffer) != 0 ? null : (Bytes(s[2], s[1]), Bytes(s[4], s[1]), (long)s[5], (long)s[7]);
        }
    }

    /// <summary>Null when the kernel does not tell (a sandbox may forbid the call).</summary>
    public static (bool Synchronized, TimeSpan Offset, TimeSpan ErrorMax)? Clock()
    {
        // modes (0: only read) offset freq maxerror esterror status ...
        Span<long> s = stackalloc long[TimexWords];
        fixed (long* buffer = s)
        {
            if (Adjtimex(buffer) < 0)
            {
                return null;
            }
        }

        var status = (uint)s[TimexStatusWord];
        var offset = (status & Nanoseconds) != 0 ? s[1] / 1000.0 : s[1];
        return ((status & Unsynchronized) == 0, TimeSpan.FromMicroseconds(offset), TimeSpan.FromMicroseconds(s[3]));
    }

    private static long Bytes(ulong blocks, ulong size) => (long)UInt128.Min((UInt128)blocks * size, (UInt128)long.MaxValue);

    [LibraryImport("libc", EntryPoint = "statvfs", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statvfs(string path, ulong* buffer);

    [LibraryImport("libc", EntryPoint = "adjtimex")]
    private static partial int Adjtimex(long* buffer);
}
