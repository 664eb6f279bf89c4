using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>A failure domain (zone) that hosts belong to: a DNS label.</summary>
[JsonConverter(typeof(IdConverter<CellName>))]
public readonly record struct CellName(string Value) : IId<CellName>
{
    public static CellName Wrap(string value) => new(value);

    public static string? ProblemOf(string value) => Id.DnsLabelProblem("cell name", value);

    public static CellName Parse(string s, IFormatProvider? provider = null) => Id.Parse<CellName>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out CellName result) => Id.TryParse(s, out result);

    public int CompareTo(CellName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
