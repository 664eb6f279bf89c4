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

    /// <exception cref="IOException">There is not so much room; nothing of it may be written.</exception>
    public static void Demand(string directory, long bytes)
    {
        var disk = new DriveInfo(directory);
        if (disk.AvailableFreeSpace - ReserveOf(disk) < bytes)
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture,
                $"it needs {bytes} bytes more, {directory} has {disk.AvailableFreeSpace}, of which {ReserveOf(disk)} stay free"));
        }
    }

    private static long ReserveOf(DriveInfo disk) => Math.Min(ReserveBytes, disk.TotalSize / ReserveShare);
}
