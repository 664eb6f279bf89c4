using System.Collections.Immutable;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>The last line that a benchmark prints; one line to compare, one to keep.</summary>
/// <param name="Ratio">How many times better than the peer; above 1 is ahead. Rounded down, so that it never flatters.</param>
/// <param name="Goal">What is good enough: a lowest ratio, or a bound of one of the figures.</param>
internal sealed record BenchmarkLine(
    string Name, ImmutableArray<(string Key, string Value)> Figures, string Peer, double Ratio, string Goal, bool Met)
{
    /// <summary>A benchmark whose goal is a ratio.</summary>
    public BenchmarkLine(string name, ImmutableArray<(string Key, string Value)> figures, string peer, double ratio, double goal)
        : this(name, figures, peer, ratio, goal.ToString("0.##", CultureInfo.InvariantCulture), ratio >= goal)
    {
    }

    public override string ToString()
    {
        var figures = string.Concat(Figures.Select(f => $"{f.Key}={f.Value} "));
        var ratio = Math.Floor(Ratio * 100) / 100;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Name} {figures}peer={Peer} ratio={ratio:0.00} goal={Goal} met={(Met ? "yes" : "no")}");
    }
}
