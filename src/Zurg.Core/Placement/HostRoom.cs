using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Whether a host has room for something new: below the reserve it is low, and stays so until a fifth more than the reserve is
/// free, so that a disk that hovers at the limit does not open and close the host each minute.
/// </summary>
public static class HostRoom
{
    /// <summary>Of the limit: what must be free before a low host has room again.</summary>
    public const double RecoveredAt = 1.2;

    /// <summary>Readings come each minute: without one for so long nobody knows what a host is short of.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromMinutes(5);

    /// <param name="before">What the host was short of; what it still is keeps its words and its time.</param>
    public static ImmutableArray<HostLow> Next(
        ImmutableArray<HostLow> before, HostMeasures measures, ReserveSpec reserve, DateTimeOffset now)
    {
        var lows = ImmutableArray.CreateBuilder<HostLow>();
        var memory = measures.Memory;
        Judge(new HostLow(LowResource.Memory, "", now), memory.Available, memory.Total, LimitOf(reserve.Memory, memory.Total));
        foreach (var disk in measures.FileSystems)
        {
            Judge(new HostLow(LowResource.Disk, "", now, disk.Mount), disk.Free, disk.Size, LimitOf(reserve.Disk, disk.Size));
            var share = new FreeLimit(reserve.Disk.Percent ?? FilesPercent);
            Judge(new HostLow(LowResource.Files, "", now, disk.Mount), disk.FilesFree, disk.Files, LimitOf(share, disk.Files));
        }

        return lows.ToImmutable();

        void Judge(HostLow low, long free, long whole, long limit)
        {
            var known = before.FirstOrDefault(l => (l.Resource, l.Mount) == (low.Resource, low.Mount));
            if (whole > 0 && free < (known is null ? limit : limit * RecoveredAt))
            {
                lows.Add(known ?? low with { Text = TextOf(low, free, whole, limit) });
            }
        }
    }

    /// <summary>What an agent says beyond what any host has is left out: lows become facts, and those have a limit.</summary>
    public static HostMeasures Bounded(HostMeasures measures) => measures with
    {
        FileSystems = [.. measures.FileSystems.Where(f => f.Mount.Length <= MountCharsMax).Take(FileSystemsMax)],
    };

    /// <summary>memory, disk /var, inodes of /var.</summary>
    public static string NameOf(HostLow low) => low.Resource switch
    {
        LowResource.Memory => "memory",
        LowResource.Disk => $"disk on {low.Mount}",
        LowResource.Files => $"inodes on {low.Mount}",
        LowResource.Unknown => "room",
    };

    private const int MountCharsMax = 512;

    private const int FileSystemsMax = 64;

    /// <summary>When the reserve of disks is an amount, nothing is said of inodes: this share of them then.</summary>
    private const double FilesPercent = 5;

    private static long LimitOf(FreeLimit limit, long whole) =>
        Math.Min(limit.Percent is { } percent ? (long)(whole * percent / 100) : long.MaxValue, limit.Bytes ?? long.MaxValue);

    private static string TextOf(HostLow low, long free, long whole, long limit)
    {
        var percent = (100.0 * free / whole).ToString("0.#", CultureInfo.InvariantCulture);
        return low.Resource is LowResource.Files
            ? string.Create(CultureInfo.InvariantCulture,
                $"low on {NameOf(low)}: {free} of {whole} free ({percent} %), the limit is {limit}")
            : $"low on {NameOf(low)}: {Phrases.OfBytes(free)} of {Phrases.OfBytes(whole)} free ({percent} %), "
                + $"the limit is {Phrases.OfBytes(limit)}";
    }
}
