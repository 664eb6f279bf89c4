using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Agent.Measuring;

/// <summary>
/// The texts of /proc as numbers. What a text does not say is 0 or null: kernels differ, and a missing line is no reason to know
/// nothing of a host.
/// </summary>
internal static class ProcText
{
    /// <summary>USER_HZ: what /proc counts in is 100 a second on every architecture that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>/proc/meminfo; its kB are KiB.</summary>
    public static MemoryMeasure Memory(string text)
    {
        var values = text.Split('\n').Select(l => l.Split(':', 2)).Where(l => l.Length == 2)
            .GroupBy(l => l[0], l => Number(l[1].Trim().Split(' ')[0]) * 1024, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        return new MemoryMeasure(
            Of("MemTotal"), values.TryGetValue("MemAvailable", out var available) ? available : Of("MemFree") + Of("Cached"),
            Of("SwapTotal"), Of("SwapFree"));

        long Of(string name) => values.GetValueOrDefault(name);
    }

    /// <summary>/proc/stat, its first line.</summary>
    public static CpuTimes Cpu(string text)
    {
        // user nice system idle iowait irq softirq steal
        var fields = Fields(text.Split('\n')[0]).Skip(1).Select(Number).ToArray();
        return new CpuTimes(Sum(0, 1), Sum(2, 5, 6), Sum(3), Sum(4), Sum(7));

        TimeSpan Sum(params int[] at) => Ticks(at.Sum(i => i < fields.Length ? fields[i] : 0));
    }

    public static TimeSpan Ticks(long ticks) => TimeSpan.FromSeconds(ticks / TicksPerSecond);

    /// <summary>/proc/loadavg.</summary>
    public static LoadAverage Load(string text)
    {
        var fields = Fields(text);
        return new LoadAverage(Real(fields, 0), Real(fields, 1), Real(fields, 2));
    }

    /// <summary>/proc/uptime.</summary>
    public static TimeSpan Uptime(string text) => TimeSpan.FromSeconds(Real(Fields(text), 0));

    /// <summary>/proc/net/dev.</summary>
    public static ImmutableArray<NetworkMeasure> Networks(string text)
    {
        var devices = new List<NetworkMeasure>();
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var f = colon < 0 ? [] : Fields(line[(colon + 1)..]);
            if (f.Length >= 16)
            {
                // Received: bytes packets errs drop fifo frame compressed multicast; then the same of what was sent.
                devices.Add(new NetworkMeasure(
                    line[..colon].Trim(), Number(f[0]), Number(f[8]), Number(f[2]) + Number(f[10]),
                    Number(f[3]) + Number(f[11])));
            }
        }

        return
        [
            .. devices.Where(d => d.ReceivedBytes + d.SentBytes > 0)
                .OrderByDescending(d => d.ReceivedBytes + d.SentBytes).Take(HostMeasures.NetworksMax)
                .OrderBy(d => d.Device, StringComparer.Ordinal),
        ];
    }

    /// <summary>/proc/net/snmp and /proc/net/netstat: a line of names, then a line of numbers.</summary>
    public static TcpMeasure? Tcp(string snmp, string netstat)
    {
        var tcp = Table(snmp, "Tcp:");
        var more = Table(netstat, "TcpExt:");
        return tcp.TryGetValue("OutSegs", out var sent) && tcp.TryGetValue("RetransSegs", out var again)
            ? new TcpMeasure(sent, again, more.GetValueOrDefault("ListenDrops"))
            : null;
    }

    /// <summary>/proc/pressure/RESOURCE; null when it says nothing.</summary>
    public static PressureMeasure? Pressure(string resource, string text)
    {
        var lines = text.Split('\n').Select(Fields).Where(f => f.Length >= 5).ToDictionary(f => f[0], StringComparer.Ordinal);
        return lines.ContainsKey("some")
            ? new PressureMeasure(resource, Share("some"), Total("some"), Share("full"), Total("full"))
            : null;

        double Share(string line) => lines.TryGetValue(line, out var f) ? Real([After(f[1])], 0) / 100 : 0;

        TimeSpan Total(string line) =>
            lines.TryGetValue(line, out var f) ? TimeSpan.FromMicroseconds(Number(After(f[4]))) : TimeSpan.Zero;
    }

    /// <summary>/proc/sys/fs/file-nr: in use, unused, limit.</summary>
    public static OpenFilesMeasure? OpenFiles(string text)
    {
        var fields = Fields(text);
        return fields.Length < 3 ? null : new OpenFilesMeasure(Number(fields[0]) - Number(fields[1]), Number(fields[2]));
    }

    private static Dictionary<string, long> Table(string text, string prefix)
    {
        var lines = text.Split('\n').Where(l => l.StartsWith(prefix, StringComparison.Ordinal)).Select(Fields).Take(2).ToArray();
        return lines is [var names, var values]
            ? names.Zip(values).Skip(1).ToDictionary(p => p.First, p => Number(p.Second), StringComparer.Ordinal)
            : [];
    }

    private static string[] Fields(string line) =>
        line.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static string After(string assignment) => assignment[(assignment.IndexOf('=', StringComparison.Ordinal) + 1)..];

    // Some counters go up to 2^64 - 1 (the limit of open files): what does not fit is the largest that does.
    private static long Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number > long.MaxValue ? long.MaxValue : (long)number
            : 0;

    private static double Real(string[] fields, int at) =>
        at < fields.Length && double.TryParse(fields[at], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
