using System.Collections.Immutable;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>The last line that a benchmark prints; one line to compare, one to keep.</summary>
/// <param name="Ratio">How many times better than the peer; above 1 is ahead. Rounded down, so that it never flatters.</param>
/// <param name="Goal">The lowest ratio that is good enough.</param>
internal sealed record BenchmarkLine(
    string Name, ImmutableArray<(string Key, string Value)> Figures, string Peer, double Ratio, double Goal)
{
    public override string ToString()
    {
        var figures = string.Concat(Figures.Select(f => $"{f.Key}={f.Value} "));
        var ratio = Math.Floor(Ratio * 100) / 100;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Name} {figures}peer={Peer} ratio={ratio:0.00} goal={Goal:0.##} met={(ratio >= Goal ? "yes" : "no")}");
    }
}
