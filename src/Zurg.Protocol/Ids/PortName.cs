using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// A port that a service listens on, by name: a DNS label. PORT_NAME in the environment is its upper case with - as _.
/// </summary>
[JsonConverter(typeof(IdConverter<PortName>))]
public readonly record struct PortName(string Value) : IId<PortName>
{
    public static PortName Wrap(string value) => new(value);

    public static string? ProblemOf(string value) => Id.DnsLabelProblem("port name", value);

    public static PortName Parse(string s, IFormatProvider? provider = null) => Id.Parse<PortName>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out PortName result) => Id.TryParse(s, out result);

    public int CompareTo(PortName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
