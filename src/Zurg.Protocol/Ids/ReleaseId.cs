using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>One release: name@version, for example sudoku-solver@1.1.0. Once pushed, its bytes never change.</summary>
[JsonConverter(typeof(IdConverter<ReleaseId>))]
public readonly record struct ReleaseId(ReleaseName Name, ReleaseVersion Version) : IId<ReleaseId>
{
    public string Value => $"{Name}@{Version}";

    public static ReleaseId Wrap(string value)
    {
        var at = value.IndexOf('@', StringComparison.Ordinal);
        return new ReleaseId(new ReleaseName(value[..at]), new ReleaseVersion(value[(at + 1)..]));
    }

    public static string? ProblemOf(string value)
    {
        var at = value.IndexOf('@', StringComparison.Ordinal);
        return at < 0
            ? $"'{Id.Shorten(value)}' is no release: it must be NAME@VERSION, for example web@1.0.0"
            : ReleaseName.ProblemOf(value[..at]) ?? ReleaseVersion.ProblemOf(value[(at + 1)..]);
    }

    public static ReleaseId Parse(string s, IFormatProvider? provider = null) => Id.Parse<ReleaseId>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out ReleaseId result) => Id.TryParse(s, out result);

    public int CompareTo(ReleaseId other) =>
        Name.CompareTo(other.Name) is var order and not 0 ? order : Version.CompareTo(other.Version);

    public override string ToString() => Value;
}
