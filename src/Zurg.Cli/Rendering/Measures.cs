using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Times, sizes and the words of enums as people read them.</summary>
internal static class Measures
{
    /// <summary>The largest unit that keeps two digits: 850ms, 12s, 3m, 5h, 12d.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { Ticks: < 0 } => "0s",
        { TotalSeconds: < 1 } => Number(age.TotalMilliseconds, "ms"),
        { TotalSeconds: < 120 } => Number(age.TotalSeconds, "s"),
        { TotalMinutes: < 120 } => Number(age.TotalMinutes, "m"),
        { TotalHours: < 48 } => Number(age.TotalHours, "h"),
        _ => Number(age.TotalDays, "d"),
    };

    public static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => Short(bytes / 1024.0, "KiB"),
        < 1024L * 1024 * 1024 => Short(bytes / (1024.0 * 1024), "MiB"),
        _ => Short(bytes / (1024.0 * 1024 * 1024), "GiB"),
    };

    public static string Count(int count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";

    /// <summary>In the reader's time zone, to the second.</summary>
    public static string Moment(DateTimeOffset at) =>
        at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Ports(IReadOnlyDictionary<PortName, int> ports) =>
        string.Join(' ', ports.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key}={p.Value}")));

    /// <summary>An enum's word on the wire: too_many_restarts.</summary>
    public static string Word<T>(T value) where T : struct, Enum => WireEnum.NameOf(value);

    private static string Number(double value, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)value}{unit}");

    private static string Short(double value, string unit) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{value.ToString(value < 10 ? "0.0" : "0", CultureInfo.InvariantCulture)} {unit}");
}
