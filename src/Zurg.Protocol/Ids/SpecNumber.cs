using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Counts the specs that people applied: 1, 2, 3 and so on.</summary>
[JsonConverter(typeof(CounterConverter<SpecNumber>))]
public readonly record struct SpecNumber(long Value) : ICounter<SpecNumber>
{
    public SpecNumber Next => new(Value + 1);

    public static SpecNumber Wrap(long value) => new(value);

    public static SpecNumber Parse(string s, IFormatProvider? provider = null) =>
        new(long.Parse(s, CultureInfo.InvariantCulture));

    public static bool TryParse(string? s, IFormatProvider? provider, out SpecNumber result)
    {
        var valid = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        result = new SpecNumber(value);
        return valid;
    }

    public int CompareTo(SpecNumber other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(SpecNumber left, SpecNumber right) => left.Value < right.Value;

    public static bool operator >(SpecNumber left, SpecNumber right) => left.Value > right.Value;

    public static bool operator <=(SpecNumber left, SpecNumber right) => left.Value <= right.Value;

    public static bool operator >=(SpecNumber left, SpecNumber right) => left.Value >= right.Value;
}
