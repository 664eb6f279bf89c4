using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>The name under which releases are pushed; by default that of the service which runs them.</summary>
[JsonConverter(typeof(IdConverter<ReleaseName>))]
public readonly record struct ReleaseName(string Value) : IId<ReleaseName>
{
    public static ReleaseName Wrap(string value) => new(value);

    public static string? ProblemOf(string value) => Id.DnsLabelProblem("release name", value);

    public static ReleaseName Parse(string s, IFormatProvider? provider = null) => Id.Parse<ReleaseName>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out ReleaseName result) => Id.TryParse(s, out result);

    public int CompareTo(ReleaseName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
