using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>A machine with an agent: a DNS label, unique in its cluster.</summary>
[JsonConverter(typeof(IdConverter<HostId>))]
public readonly record struct HostId(string Value) : IId<HostId>
{
    public static HostId Wrap(string value) => new(value);

    public static string? ProblemOf(string value) => Id.DnsLabelProblem("host name", value);

    public static HostId Parse(string s, IFormatProvider? provider = null) => Id.Parse<HostId>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out HostId result) => Id.TryParse(s, out result);

    public int CompareTo(HostId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
