using System.Globalization;
using System.Text.RegularExpressions;

namespace Zurg.Tests.Support;

/// <summary>
/// Reads Prometheus' text format as strictly as its own tools do, and with their lint: each name once with help and type before
/// its samples, counters end in _total and nothing else does, labels escaped, no sample twice.
/// </summary>
internal static partial class MetricLines
{
    /// <returns>Samples by name and labels, as they were written.</returns>
    public static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var samples = new Dictionary<string, double>(StringComparer.Ordinal);
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        string helped = "", typed = "";
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                helped = help.Groups["name"].Value;
                Assert.DoesNotContain(helped, types.Keys);
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                typed = type.Groups["name"].Value;
                Assert.Equal(helped, typed);
                types.Add(typed, type.Groups["type"].Value);
                Assert.Equal(type.Groups["type"].Value == "counter", typed.EndsWith("_total", StringComparison.Ordinal));
            }
            else
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, $"no line of the format: {line}");
                Assert.Equal(typed, sample.Groups["name"].Value);
                samples.Add(sample.Groups["key"].Value, Number(sample.Groups["value"].Value));
            }
        }

        return samples;
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"^# HELP (?<name>[a-z][a-z0-9_]*) (?<help>([^\\]|\\\\|\\n)+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE (?<name>[a-z][a-z0-9_]*) (?<type>gauge|counter)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Type();

    [GeneratedRegex(
        """^(?<key>(?<name>[a-z][a-z0-9_]*)(\{([a-z_]+="([^"\\]|\\\\|\\n|\\")*",?)+(?<!,)\})?) """
            + @"(?<value>[-+0-9.eE]+|\+Inf|-Inf|NaN)$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();
}
