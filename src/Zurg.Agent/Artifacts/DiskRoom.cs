using System.Globalization;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// What releases may take of a disk: one that does not fit must not fill it, for the journal is on it too, and without that no
/// instance is restarted.
/// </summary>
internal static class DiskRoom
{
    /// <summary>So much of the disk no release takes, or a share of a small one: for journal, logs and instances.</summary>
    public const long ReserveBytes = 64L * 1024 * 1024;

    private const int ReserveShare = 10;

    /// <summary>In bytes; never negative.</summary>
    public static long For(string directory)
    {
        var disk = new DriveInfo(directory);
        return Math.Max(0, disk.AvailableFreeSpace - ReserveOf(disk));
    }

    /// <summary>Whether the disk is large enough for them, whatever is on it now.</summary>
    public static bool MayEverHave(string directory, long bytes)
    {
        var disk = new DriveInfo(directory);
        return disk.TotalSize - ReserveOf(disk) >= bytes;
    }

    /// <exception cref="NoRoomException">There is not so much room; nothing of it may be written.</exception>
    public static void Demand(string directory, long bytes)
    {
        var disk = new DriveInfo(directory);
        var (free, reserve) = (disk.AvailableFreeSpace, ReserveOf(disk));
        if (free - reserve < bytes)
        {
            throw new NoRoomException(bytes, bytes + reserve - free, string.Create(
                CultureInfo.InvariantCulture,
                $"it needs {bytes} bytes more, {directory} has {free} free, of which {reserve} stay so for journal and logs"));
        }
    }

    private static long ReserveOf(DriveInfo disk) => Math.Min(ReserveBytes, disk.TotalSize / ReserveShare);
}

/// <summary>It does not fit on the disk.</summary>
/// <param name="needed">In bytes, of what was to be written.</param>
/// <param name="lacking">So many bytes must become free.</param>
internal sealed class NoRoomException(long needed, long lacking, string message) : IOException(message)
{
    public long Needed => needed;

    public long Lacking => lacking;
}
