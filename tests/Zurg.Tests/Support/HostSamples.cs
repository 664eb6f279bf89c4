using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>Readings of a host as tests want them: roomy, but for what is said.</summary>
internal static class HostSamples
{
    public static HostMeasures Measures(
        long disk = 50L << 30, long of = 100L << 30, (long Free, long All)? files = null,
        (long Available, long Total)? memory = null)
    {
        var (available, total) = memory ?? (4L << 30, 8L << 30);
        var (filesFree, filesAll) = files ?? (900, 1_000);
        return new HostMeasures
        {
            At = World.Noon,
            CpuBusy = 0.25,
            Cpu = new CpuTimes(
                TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(800), TimeSpan.FromSeconds(4),
                TimeSpan.Zero),
            Load = new LoadAverage(0.5, 0.4, 0.3),
            Memory = new MemoryMeasure(total, available, 0, 0),
            FileSystems = [new FileSystemMeasure("/var", ["agent", "logs"], of, disk, filesAll, filesFree)],
            Networks = [new NetworkMeasure("eth0", 1_000, 2_000, 1, 2)],
            Tcp = new TcpMeasure(10_000, 12, 3),
            Pressure = [new PressureMeasure("cpu", 0.02, TimeSpan.FromSeconds(5), 0, TimeSpan.Zero)],
            OpenFiles = new OpenFilesMeasure(600, 100_000),
            Clock = new ClockMeasure("tsc", true, TimeSpan.FromMilliseconds(0.2), TimeSpan.FromMilliseconds(30)),
            Uptime = TimeSpan.FromHours(3),
            Instances =
                [new InstanceMeasure(InstanceId.Wrap("web.0"), new Incarnation(7), 64L << 20, TimeSpan.FromSeconds(12), 3)],
        };
    }
}
