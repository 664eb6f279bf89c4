using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Zurg.Cli.Client;

/// <summary>
/// Tells regular files from pipes, sockets and devices, which the base library opens, and waits on, like files.
/// </summary>
internal static partial class FileType
{
    // statx(2): the structure is the same on every architecture; stx_mode is a 16-bit number at byte 28.
    private const int StructureSize = 256;
    private const int ModeAt = 28;
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint WantType = 1;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>False as well for what is not there.</summary>
    public static bool IsRegular(string path)
    {
        var structure = new byte[StructureSize];
        return Statx(CurrentDirectory, path, NoFollow, WantType, structure) == 0
            && (BinaryPrimitives.ReadUInt16LittleEndian(structure.AsSpan(ModeAt)) & TypeMask) == Regular;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, [Out] byte[] structure);
}
