using System.Globalization;

namespace Zurg.Core;

/// <summary>Durations (100ms, 1s, 1m30s, 2h, 1d) and sizes (256MiB, 1GB) as people write them. A unit is always needed.</summary>
public static class Measures
{
    private static readonly (string Unit, double Factor)[] DurationUnits =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    private static readonly (string Unit, double Factor)[] SizeUnits =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1),
    ];

    /// <summary>More than any of these needs: what is longer is none.</summary>
    private const int TextMax = 40;

    public static TimeSpan? Duration(string text) =>
        Sum(text, DurationUnits) is { } milliseconds && milliseconds <= TimeSpan.MaxValue.TotalMilliseconds / 2
            ? TimeSpan.FromMilliseconds(milliseconds) : null;

    /// <summary>Of a text in which <see cref="DurationProblem"/> found none.</summary>
    /// <exception cref="ArgumentException">It is none, and nobody has checked that before.</exception>
    public static TimeSpan CheckedDuration(string text) =>
        Duration(text) ?? throw new ArgumentException($"'{text}' was not validated", nameof(text));

    /// <summary>In bytes.</summary>
    public static long? Size(string text) =>
        Sum(text, SizeUnits) is { } bytes && bytes <= long.MaxValue / 2 ? (long)bytes : null;

    public static (string Text, string Mend)? DurationProblem(string text, TimeSpan least, TimeSpan most) => Duration(text) switch
    {
        null => ($"{Words.Quote(text)} is no duration", IsNumber(text)
            ? $"it lacks a unit: write {text}s for seconds or {text}ms for milliseconds"
            : "write a number and a unit: 100ms, 30s, 5m, 1h or 2d"),
        { } time when time < least || time > most =>
            ($"{Words.Quote(text)} is out of range", $"it must be {Show(least)} to {Show(most)}"),
        _ => null,
    };

    public static (string Text, string Mend)? SizeProblem(string text, long least, long most) => Size(text) switch
    {
        null => ($"{Words.Quote(text)} is no size", IsNumber(text)
            ? $"it lacks a unit: write {text}MiB or {text}B"
            : "write a number and a unit: 512KiB, 256MiB, 2GiB or 1GB"),
        { } size when size < least || size > most =>
            ($"{Words.Quote(text)} is out of range", $"it must be {Show(least)} to {Show(most)}"),
        _ => null,
    };

    /// <summary>As it would be written: 1m30s.</summary>
    public static string Show(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
        {
            return "0s";
        }
        var rest = time.TotalMilliseconds;
        var result = "";
        foreach (var (unit, factor) in DurationUnits)
        {
            var count = unit == "ms" ? rest : Math.Floor(rest / factor);
            rest -= count * factor;
            result += count > 0 ? count.ToString("0.####", CultureInfo.InvariantCulture) + unit : "";
        }
        return result;
    }

    /// <summary>In the largest binary unit that divides it: 256MiB.</summary>
    public static string Show(long bytes)
    {
        var (unit, factor) = SizeUnits.First(u =>
            u.Unit is "B" || (u.Unit.Contains('i', StringComparison.Ordinal) && bytes > 0 && bytes % (long)u.Factor == 0));
        return (bytes / (long)factor).ToString(CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>Numbers with units behind them, each unit smaller than the one before it.</summary>
    private static double? Sum(string text, (string Unit, double Factor)[] units)
    {
        var at = 0;
        var total = 0.0;
        var last = double.PositiveInfinity;
        while (at < text.Length && text.Length <= TextMax)
        {
            var digits = at;
            while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
            {
                digits++;
            }
            var end = digits;
            while (end < text.Length && char.IsAsciiLetter(text[end]))
            {
                end++;
            }
            var unit = Array.Find(units, u => text.AsSpan(digits, end - digits).SequenceEqual(u.Unit));
            if (!char.IsAsciiDigit(text[at]) || unit.Unit is null || unit.Factor >= last
                || !double.TryParse(text.AsSpan(at, digits - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out var number))
            {
                return null;
            }
            total += number * unit.Factor;
            last = unit.Factor;
            at = end;
        }
        return at > 0 ? total : null;
    }

    private static bool IsNumber(string text) => text.Length is > 0 and < 20 && text.All(char.IsAsciiDigit);
}
