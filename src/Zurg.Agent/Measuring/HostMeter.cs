using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Measuring;

/// <summary>Reads the host: /proc, the file systems, the clock. Used by one caller at a time.</summary>
/// <param name="places">What the agent keeps and where: agent, logs, ... and an absolute path that may not exist yet.</param>
internal sealed class HostMeter(ImmutableArray<(string Name, string Path)> places, TimeProvider time)
{
    private readonly InstanceMeter _instances = new();
    private CpuTimes? _last;

    /// <exception cref="IOException">/proc cannot be read: then nothing is known.</exception>
    public HostMeasures Read(AgentState state)
    {
        var cpu = ProcText.Cpu(File.ReadAllText("/proc/stat"));
        var measures = new HostMeasures
        {
            At = time.GetUtcNow(),
            CpuBusy = _last is null ? null : Busy(_last, cpu),
            Cpu = cpu,
            Load = ProcText.Load(File.ReadAllText("/proc/loadavg")),
            Memory = ReadMemory(),
            FileSystems = ReadFileSystems(),
            Networks = ProcText.Networks(TextOf("/proc/net/dev")),
            Tcp = ProcText.Tcp(TextOf("/proc/net/snmp"), TextOf("/proc/net/netstat")),
            Pressure = [.. ((string[])["cpu", "io", "memory"])
                .Select(r => ProcText.Pressure(r, TextOf("/proc/pressure/" + r))).OfType<PressureMeasure>()],
            OpenFiles = ProcText.OpenFiles(TextOf("/proc/sys/fs/file-nr")),
            Clock = ReadClock(),
            Uptime = ProcText.Uptime(File.ReadAllText("/proc/uptime")),
            Instances = _instances.Read(state.Instances.Values),
        };
        _last = cpu;
        return measures;
    }

    public static MemoryMeasure ReadMemory() => ProcText.Memory(File.ReadAllText("/proc/meminfo"));

    /// <summary>Cheap: one system call for each place.</summary>
    public ImmutableArray<FileSystemMeasure> ReadFileSystems()
    {
        var mounts = new MountTable(TextOf("/proc/self/mountinfo"));
        return
        [
            .. places.Select(p => (p.Name, Path: Existing(p.Path)))
                .GroupBy(p => mounts.MountOf(p.Path), StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => KernelNumbers.SpaceOf(g.First().Path) is { } s
                    ? new FileSystemMeasure(g.Key, [.. g.Select(p => p.Name)], s.Size, s.Free, s.Files, s.FilesFree)
                    : null)
                .OfType<FileSystemMeasure>(),
        ];
    }

    /// <summary>The place itself with links followed, or the nearest directory above that is there.</summary>
    private static string Existing(string path)
    {
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } above)
        {
            path = above;
        }

        return new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
    }

    private static ClockMeasure ReadClock()
    {
        var source = TextOf("/sys/devices/system/clocksource/clocksource0/current_clocksource").Trim();
        var (synchronized, offset, error) = KernelNumbers.Clock() ?? default((bool?, TimeSpan, TimeSpan));
        return new ClockMeasure(source.Length > 0 ? source : "unknown", synchronized, offset, error);
    }

    internal static double? Busy(CpuTimes before, CpuTimes now)
    {
        var idle = now.Idle - before.Idle + (now.IoWait - before.IoWait);
        var busy = now.User - before.User + (now.System - before.System) + (now.Steal - before.Steal);
        return idle + busy > TimeSpan.Zero ? Math.Clamp(busy / (idle + busy), 0, 1) : null;
    }

    private static string TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not on this kernel, not in this container, or not supported although it is there (pressure): not known.
            return "";
        }
    }
}
