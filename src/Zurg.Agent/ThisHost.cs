using System.Globalization;
using System.Reflection;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent;

/// <summary>The machine as the kernel tells of it (proc(5)).</summary>
internal static class ThisHost
{
    public static HostDescription Describe(AgentOptions options, CgroupSite cgroups) => new()
    {
        Cell = options.Cell,
        Labels = options.Labels,
        Address = options.Address,
        BootId = LineOf("/proc/sys/kernel/random/boot_id"),
        Build = Build,
        Memory = Memory(File.ReadLines("/proc/meminfo")),
        Cpus = Environment.ProcessorCount,
        Kernel = LineOf("/proc/sys/kernel/osrelease"),
        Limits = HostLimits.AbilityWith(cgroups).Describe(),
        WatchesUses = true,
        Prepares = true,
        EndsIncarnations = true,
        TrafficEpochs = true,
    };

    public static string Build { get; } =
        typeof(ThisHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The first port that the kernel gives to clients' sockets.</summary>
    public static int EphemeralFrom() =>
        int.Parse(LineOf("/proc/sys/net/ipv4/ip_local_port_range").Split('\t')[0], CultureInfo.InvariantCulture);

    /// <summary>MemTotal in bytes; the file says kB and means KiB.</summary>
    internal static long Memory(IEnumerable<string> meminfo)
    {
        const string field = "MemTotal:";
        var line = meminfo.First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(),
            CultureInfo.InvariantCulture) * 1024;
    }

    private static string LineOf(string path) => File.ReadAllText(path).Trim();
}
