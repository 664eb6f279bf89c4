using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>The name of a cluster: a DNS label.</summary>
[JsonConverter(typeof(IdConverter<ClusterName>))]
public readonly record struct ClusterName(string Value) : IId<ClusterName>
{
    public static ClusterName Wrap(string value) => new(value);

    public static string? ProblemOf(string value) => Id.DnsLabelProblem("cluster name", value);

    public static ClusterName Parse(string s, IFormatProvider? provider = null) => Id.Parse<ClusterName>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out ClusterName result) => Id.TryParse(s, out result);

    public int CompareTo(ClusterName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
