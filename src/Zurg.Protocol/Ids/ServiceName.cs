using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>The name of a service: a DNS label, unique in its cluster.</summary>
[JsonConverter(typeof(IdConverter<ServiceName>))]
public readonly record struct ServiceName(string Value) : IId<ServiceName>
{
    public static ServiceName Wrap(string value) => new(value);

    public static string? ProblemOf(string value) => Id.DnsLabelProblem("service name", value);

    public static ServiceName Parse(string s, IFormatProvider? provider = null) => Id.Parse<ServiceName>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out ServiceName result) => Id.TryParse(s, out result);

    public int CompareTo(ServiceName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
