using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A host's reading as metrics; the same names from an agent and from the master that hears it.</summary>
public static class HostMetrics
{
    public static void Add(MetricPage page, HostId id, HostMeasures m)
    {
        var host = ("host", id.Value);
        Cpu(page, host, m);
        page.Gauge("zurg_host_memory_bytes", "Memory of the host.", m.Memory.Total, host);
        page.Gauge("zurg_host_memory_available_bytes", "Memory that new work could have.", m.Memory.Available, host);
        page.Gauge("zurg_host_swap_bytes", "Swap of the host.", m.Memory.SwapTotal, host);
        page.Gauge("zurg_host_swap_free_bytes", "Swap that is free.", m.Memory.SwapFree, host);
        foreach (var disk in m.FileSystems)
        {
            var mount = ("mountpoint", disk.Mount);
            page.Gauge("zurg_host_filesystem_size_bytes", "Size of a file system that the agent uses.", disk.Size, host, mount);
            page.Gauge("zurg_host_filesystem_free_bytes", "What of it is free for everybody but root.", disk.Free, host, mount);
            page.Gauge("zurg_host_filesystem_inodes", "Inodes of the file system; 0 when not limited.", disk.Files, host, mount);
            page.Gauge("zurg_host_filesystem_inodes_free", "Inodes of it that are free.", disk.FilesFree, host, mount);
        }

        Network(page, host, m);
        foreach (var p in m.Pressure)
        {
            var resource = ("resource", p.Resource);
            const string help = "Time in which tasks waited for a resource: some of them, or all at once (full).";
            page.Counter("zurg_host_pressure_seconds_total", help, p.SomeTotal.TotalSeconds, host, resource, ("kind", "some"));
            page.Counter("zurg_host_pressure_seconds_total", help, p.FullTotal.TotalSeconds, host, resource, ("kind", "full"));
        }

        if (m.OpenFiles is { } files)
        {
            page.Gauge("zurg_host_open_files", "File handles in use on the host.", files.Open, host);
            page.Gauge("zurg_host_open_files_max", "The kernel's limit of file handles.", files.Max, host);
        }

        if (m.Clock.Synchronized is { } synchronized)
        {
            page.Gauge("zurg_host_clock_synchronized", "1: something keeps the clock right.", synchronized ? 1 : 0, host);
            page.Gauge("zurg_host_clock_offset_seconds", "What is still being corrected.", m.Clock.Offset.TotalSeconds, host);
        }

        page.Gauge("zurg_host_boot_time_seconds", "When the host was started, since 1970.", Unix(m.At - m.Uptime), host);
        page.Gauge("zurg_host_read_time_seconds", "When these numbers were read, since 1970.", Unix(m.At), host);
    }

    /// <param name="measure">What it takes; null when not read.</param>
    public static void Add(MetricPage page, HostId id, InstanceStatus instance, InstanceMeasure? measure)
    {
        ReadOnlySpan<(string, string)> labels =
            [("host", id.Value), ("service", instance.Instance.Service.Value), ("instance", instance.Instance.Value)];
        page.Gauge("zurg_instance_up", "1: its process runs.", instance.Pid is null ? 0 : 1, labels);
        page.Gauge("zurg_instance_ready", "1: it runs and its probe passes.", instance.IsReady() ? 1 : 0, labels);
        page.Counter(
            "zurg_instance_crashes_total", "Ends that nobody asked for, each followed by a restart.", instance.Crashes, labels);
        if (instance is { StartedAt: { } started, Pid: not null })
        {
            page.Gauge("zurg_instance_start_time_seconds", "When its process was started, since 1970.", Unix(started), labels);
        }

        if (measure is not null && measure.Incarnation == instance.Incarnation)
        {
            page.Gauge("zurg_instance_memory_bytes", "Resident memory of all its processes.", measure.Memory, labels);
            page.Counter("zurg_instance_cpu_seconds_total", "CPU time since its start.", measure.CpuTime.TotalSeconds, labels);
            page.Gauge("zurg_instance_processes", "Its processes.", measure.Processes, labels);
        }
    }

    private static double Unix(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 1000.0;

    private static void Cpu(MetricPage page, (string, string) host, HostMeasures m)
    {
        (string Mode, TimeSpan Time)[] modes =
        [
            ("user", m.Cpu.User), ("system", m.Cpu.System), ("idle", m.Cpu.Idle), ("iowait", m.Cpu.IoWait),
            ("steal", m.Cpu.Steal),
        ];
        foreach (var (mode, time) in modes)
        {
            page.Counter("zurg_host_cpu_seconds_total", "Time of all CPUs together.", time.TotalSeconds, host, ("mode", mode));
        }

        page.Gauge("zurg_host_load1", "Load average of one minute.", m.Load.One, host);
        page.Gauge("zurg_host_load5", "Load average of five minutes.", m.Load.Five, host);
        page.Gauge("zurg_host_load15", "Load average of fifteen minutes.", m.Load.Fifteen, host);
    }

    private static void Network(MetricPage page, (string, string) host, HostMeasures m)
    {
        foreach (var n in m.Networks)
        {
            var device = ("device", n.Device);
            page.Counter("zurg_host_network_received_bytes_total", "Bytes received.", n.ReceivedBytes, host, device);
            page.Counter("zurg_host_network_sent_bytes_total", "Bytes sent.", n.SentBytes, host, device);
            page.Counter("zurg_host_network_errors_total", "Errors of both directions.", n.Errors, host, device);
            page.Counter("zurg_host_network_drops_total", "Packets dropped, of both directions.", n.Drops, host, device);
        }

        if (m.Tcp is { } tcp)
        {
            page.Counter("zurg_host_tcp_sent_segments_total", "TCP segments sent.", tcp.SentSegments, host);
            page.Counter(
                "zurg_host_tcp_retransmitted_segments_total", "TCP segments sent again.", tcp.RetransmittedSegments, host);
            page.Counter(
                "zurg_host_tcp_listen_drops_total", "Connections dropped because a listener's queue was full.",
                tcp.ListenDrops, host);
        }
    }
}
